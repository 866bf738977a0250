from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.errors import ColourPhotograph, TooSmall, UnsupportedFile
from prosvet.core.settings import Settings
from prosvet.imaging import load_bytes, load_film


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png16(pixels: NDArray[np.uint16], colour_type: int, *, filtered: bool = False) -> bytes:
    """A 16-bit PNG (PNG specification, section 11), which Pillow cannot write in colour."""
    rows, columns = pixels.shape[:2]
    raw = pixels.astype(">u2").reshape(rows, -1).view(np.uint8).reshape(rows, -1)
    lines = raw.copy()
    if filtered:  # filter 2, Up
        lines[1:] = raw[1:] - raw[:-1]
    data = b"".join((b"\2" if filtered else b"\0") + line.tobytes() for line in lines)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", columns, rows, 16, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def wide() -> NDArray[np.uint16]:
    """(96, 80) of all sixteen bits."""
    return np.random.default_rng(0).integers(0, 65536, (96, 80)).astype(np.uint16)


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {"compression": "tiff_adobe_deflate"})],
)
def test_sixteen_bits_stay_exact(kind: str, options: dict, wide, settings: Settings) -> None:
    film = load_bytes(encoded(Image.fromarray(wide), kind, **options), "film", settings)
    np.testing.assert_array_equal(film.pixels, wide)


@pytest.mark.parametrize("filtered", [False, True])
@pytest.mark.parametrize("colour_type", [2, 4, 6])
def test_sixteen_bit_colour_and_alpha_stay_exact(colour_type: int, filtered: bool, wide, settings: Settings) -> None:
    solid = np.full_like(wide, 0xFFFF)
    planes = {2: [wide] * 3, 4: [wide, solid], 6: [wide] * 3 + [solid]}[colour_type]
    film = load_bytes(png16(np.stack(planes, axis=-1), colour_type, filtered=filtered), "film", settings)
    np.testing.assert_array_equal(film.pixels, wide)


def tiff16(pixels: NDArray[np.uint16], order: str, photometric: int) -> bytes:
    """An uncompressed 16-bit TIFF with as many samples as `pixels` (H, W, C) has."""
    rows, columns, samples = pixels.shape
    body = pixels.astype(f"{order}u2").tobytes()
    bits_at = 8 + len(body)
    bits = struct.pack(f"{order}{samples}H", *[16] * samples)
    entries = [(256, 4, 1, columns), (257, 4, 1, rows), (258, 3, samples, bits_at), (259, 4, 1, 1),
               (262, 4, 1, photometric), (273, 4, 1, 8), (277, 4, 1, samples), (278, 4, 1, rows),
               (279, 4, 1, len(body))]  # fmt: skip
    if samples == 1:
        entries[2] = (258, 4, 1, 16)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", bits_at + len(bits))
    table = struct.pack(f"{order}H", len(entries)) + b"".join(struct.pack(f"{order}HHII", *e) for e in entries)
    return head + body + bits + table + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("samples", [1, 3])
def test_tiff_of_either_byte_order_stays_exact(order: str, samples: int, wide, settings: Settings) -> None:
    data = tiff16(np.stack([wide] * samples, axis=-1), order, 1 if samples == 1 else 2)
    np.testing.assert_array_equal(load_bytes(data, "film", settings).pixels, wide)


def test_white_is_zero_is_turned(wide, settings: Settings) -> None:
    film = load_bytes(tiff16(wide[..., None], "<", 0), "film", settings)
    np.testing.assert_array_equal(film.pixels, 65535 - wide.astype(np.float32))
    assert film.steps == ("white_is_zero",)


def test_compressed_sixteen_bit_colour_tiff(wide, tmp_path: Path, settings: Settings) -> None:
    """Packed by hand: Pillow writes no such file."""
    rgb = np.stack([wide] * 3, axis=-1)
    plain = tiff16(rgb, "<", 2)
    packed = zlib.compress(rgb.astype("<u2").tobytes())
    bits_at = 8 + len(packed) + len(packed) % 2
    table_at = struct.unpack("<I", plain[4:8])[0]
    table = bytearray(plain[table_at:])
    for at in range(2, len(table) - 4, 12):
        tag = struct.unpack_from("<H", table, at)[0]
        value = {258: bits_at, 259: 8, 279: len(packed)}.get(tag)
        if value is not None:
            struct.pack_into("<I", table, at + 8, value)
    padded = packed + b"\0" * (len(packed) % 2)
    data = plain[:4] + struct.pack("<I", bits_at + 6) + padded + struct.pack("<3H", 16, 16, 16) + bytes(table)
    np.testing.assert_array_equal(load_bytes(data, "film", settings).pixels, wide)


def test_float_tiff_keeps_values_and_repairs_gaps(wide, settings: Settings) -> None:
    values = wide.astype(np.float32) / 3 - 5000
    values[0, 0], values[0, 1] = np.nan, np.inf
    film = load_bytes(encoded(Image.fromarray(values), "TIFF"), "film", settings)
    np.testing.assert_array_equal(film.pixels[1:], values[1:])
    assert film.pixels[0, 0] == film.pixels[0, 1] == values[np.isfinite(values)].min()


@pytest.mark.parametrize("value", [np.nan, 1e35])
def test_float_tiff_without_usable_values_is_refused(value: float, settings: Settings) -> None:
    with pytest.raises(UnsupportedFile) as caught:
        load_bytes(encoded(Image.fromarray(np.full((96, 80), value, np.float32)), "TIFF"), "film", settings)
    assert caught.value.details["reason"] == "image_no_values"


@pytest.fixture(scope="module")
def grey(ramp) -> NDArray[np.uint8]:
    return (ramp // 16).astype(np.uint8)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "1"])
def test_png_of_every_mode(mode: str, grey, settings: Settings) -> None:
    film = load_bytes(encoded(Image.fromarray(grey).convert(mode)), "film", settings)
    if mode == "1":
        assert set(np.unique(film.pixels)) == {0, 255}
    else:
        np.testing.assert_array_equal(film.pixels, grey)


def test_transparent_parts_become_black(grey, settings: Settings) -> None:
    alpha = np.full_like(grey, 255)
    alpha[:20], alpha[20:40] = 0, 51
    picture = Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha)))
    film = load_bytes(encoded(picture), "film", settings)
    assert (film.pixels[:20] == 0).all()
    np.testing.assert_allclose(film.pixels[20:40], grey[20:40] / 5, rtol=1e-5)
    np.testing.assert_array_equal(film.pixels[40:], grey[40:])


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_every_mode(mode: str, progressive: bool, grey, settings: Settings) -> None:
    picture = Image.fromarray(grey).convert(mode)
    film = load_bytes(encoded(picture, "JPEG", quality=95, progressive=progressive), "film", settings)
    assert np.abs(film.pixels - grey).max() <= 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_undone(orientation: int, kind: str, grey, settings: Settings) -> None:
    turn = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270}[orientation]  # fmt: skip
    picture = Image.fromarray(grey)
    stored = picture if turn is None else picture.transpose(turn)
    exif = Image.Exif()
    exif[274] = orientation
    options = {"quality": 95} if kind == "JPEG" else {}
    film = load_bytes(encoded(stored, kind, exif=exif, **options), "film", settings)
    assert np.abs(film.pixels - grey).max() <= (6 if kind == "JPEG" else 0)


def test_tinted_scan_is_a_film(grey, settings: Settings) -> None:
    level = grey.astype(np.float32)
    blue = np.stack([level * 0.80, level * 0.92, np.minimum(level * 1.1 + 12, 255)], axis=-1).astype(np.uint8)
    yellow = np.stack([level * 0.95 + 10, level * 0.92 + 6, level * 0.78], axis=-1).astype(np.uint8)
    for scan in (blue, yellow):
        assert load_bytes(encoded(Image.fromarray(scan), "JPEG", quality=90), "film", settings).shape == grey.shape


def test_colour_photograph_is_refused(settings: Settings) -> None:
    y, x = np.mgrid[0:200, 0:240].astype(np.float32)
    scene = np.stack([120 + 100 * np.sin(x / 30), 120 + 100 * np.sin(y / 25 + 1), 120 + 90 * np.cos((x + y) / 40)], -1)
    for kind in ("PNG", "JPEG"):
        with pytest.raises(ColourPhotograph):
            load_bytes(encoded(Image.fromarray(scene.astype(np.uint8)), kind), "holiday", settings)
    with pytest.raises(ColourPhotograph):
        load_bytes(png16((scene * 257).astype(np.uint16), 2), "holiday", settings)


def test_several_pages_are_refused(grey, settings: Settings) -> None:
    page = Image.fromarray(grey)
    for kind, options in (("TIFF", {}), ("PNG", {"duration": 100})):
        data = encoded(page, kind, save_all=True, append_images=[Image.fromarray(255 - grey)], **options)
        with pytest.raises(UnsupportedFile) as caught:
            load_bytes(data, "film", settings)
        assert caught.value.details["reason"] == "image_several_frames"


def test_small_picture_is_refused(grey, settings: Settings) -> None:
    for kind in ("PNG", "JPEG", "TIFF"):
        with pytest.raises(TooSmall) as caught:
            load_bytes(encoded(Image.fromarray(grey[:, :63]), kind), "icon", settings)
        assert caught.value.details["width"] == 63


def test_real_films_as_files(shared_data: Path, settings: Settings) -> None:
    files = sorted((shared_data / "fullsize").glob("*.png"))
    assert len(files) == 24
    for file in files[:6]:
        film = load_film(file, settings)
        assert film.shape == (1024, 1024)
        np.testing.assert_array_equal(film.pixels, np.asarray(Image.open(file).convert("L")))
