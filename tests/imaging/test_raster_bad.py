from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from prosvet.core.errors import DecompressionBomb, ImageError, TruncatedFile, UnsupportedFile
from prosvet.core.settings import Settings, load_settings
from prosvet.imaging import load_bytes


@pytest.fixture(scope="module")
def noise() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128)).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("TIFF", {})]
)
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_file_cut_short_is_truncated(kind: str, options: dict, share: float, noise, settings: Settings) -> None:
    data = encoded(noise, kind, **options)
    with pytest.raises(TruncatedFile):
        load_bytes(data[: int(len(data) * share)], "film", settings)


def test_pixels_damaged_in_the_middle_of_a_png(noise, settings: Settings) -> None:
    data = bytearray(encoded(noise, "PNG"))
    at = data.index(b"IDAT") + 200
    data[at : at + 50] = bytes(50)
    with pytest.raises(UnsupportedFile) as caught:
        load_bytes(bytes(data), "film", settings)
    assert caught.value.details["reason"] == "image_damaged"


def blank_png(width: int, height: int, rows: int) -> bytes:
    """A PNG that claims a size and carries `rows` blank rows."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes((width + 1) * rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(60000, 60000), (10900, 10900), (2**31 - 1, 2**31 - 1)])
def test_bomb_takes_no_memory(width: int, height: int, settings: Settings) -> None:
    data = blank_png(width, height, 1 if width < 100_000 else 0)
    tracemalloc.start()
    with pytest.raises(DecompressionBomb) as caught:
        load_bytes(data, "bomb.png", settings)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert str(width * height) in caught.value.message("ru")


def test_limit_of_pixels_is_the_settings(noise) -> None:
    big = noise.resize((1100, 1000))
    with pytest.raises(DecompressionBomb):
        load_bytes(encoded(big, "PNG"), "film", load_settings({}, max_pixels=1_000_000))
    assert load_bytes(encoded(big, "PNG"), "film", load_settings({}, max_pixels=1_100_000)).shape == (1000, 1100)


def test_blank_sheet_of_ordinary_size_is_no_bomb(settings: Settings) -> None:
    assert load_bytes(blank_png(3000, 3000, 3000), "blank.png", settings).shape == (3000, 3000)


def tiff(**changed: int) -> bytes:
    """A plain grey TIFF of 96x96 with tags written over."""
    tags = {256: 96, 257: 96, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 96, 279: 96 * 96}
    tags |= {int(tag.removeprefix("tag")): value for tag, value in changed.items()}
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<I", 8 + 9216) + bytes(9216) + struct.pack("<H", len(tags)) + table + bytes(4)


@pytest.mark.parametrize(
    "changed",
    [{"tag256": 0}, {"tag257": 0}, {"tag258": 7}, {"tag258": 0}, {"tag277": 9}, {"tag259": 9999}, {"tag262": 77},
     {"tag256": 2**31 - 1}, {"tag278": 2**32 - 1, "tag257": 2**32 - 1}, {"tag279": 2**32 - 1},
     {"tag322": 2**31 - 1, "tag323": 2**31 - 1, "tag324": 8, "tag325": 100, "tag259": 8}],
)  # fmt: skip
def test_absurd_tiff_is_an_image_error(changed: dict[str, int], settings: Settings) -> None:
    load_bytes(tiff(), "film", settings)
    tracemalloc.start()
    with pytest.raises(ImageError):
        load_bytes(tiff(**changed), "film", settings)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_sixteen_bit_cmyk_is_refused(settings: Settings) -> None:
    rows = bytes(96 * 96 * 8)
    bits_at = 8 + len(rows)
    entries = [(256, 4, 1, 96), (257, 4, 1, 96), (258, 3, 4, bits_at), (259, 4, 1, 1), (262, 4, 1, 5), (273, 4, 1, 8),
               (277, 4, 1, 4), (278, 4, 1, 96), (279, 4, 1, len(rows))]  # fmt: skip
    table = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    data = b"II*\0" + struct.pack("<I", bits_at + 8) + rows + struct.pack("<4H", 16, 16, 16, 16) + table
    with pytest.raises(UnsupportedFile) as caught:
        load_bytes(data, "film", settings)
    assert caught.value.details["reason"] == "image_layout"
