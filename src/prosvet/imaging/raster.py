"""PNG, JPEG and TIFF: from bytes to one grey picture, 16-bit values kept to the last bit."""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from prosvet.core.errors import TruncatedFile, UnsupportedFile
from prosvet.core.settings import Settings
from prosvet.imaging.limits import check_pixels, check_side
from prosvet.imaging.picture import Picture, finite, to_grey
from prosvet.imaging.wide import is_wide, wide_channels

__all__ = ["RasterFormat", "decode_raster"]

log = logging.getLogger(__name__)

RasterFormat = Literal["png", "jpeg", "tiff"]

# What Pillow raises on damaged files: SyntaxError (bad magic or structure, also in its own words for PNG), OSError
# (decoders), ValueError (sizes, modes), struct.error and EOFError (short reads), zlib.error (text chunks), LookupError
# (missing tags), TypeError (tags of a wrong kind), OverflowError and ZeroDivisionError (rationals), AssertionError.
_PILLOW_ERRORS = (SyntaxError, OSError, ValueError, struct.error, EOFError, zlib.error, LookupError, TypeError,
                  OverflowError, ZeroDivisionError, AssertionError)  # fmt: skip

_WHOLE = {"png": b"IEND", "jpeg": b"\xff\xd9", "tiff": b""}  # what a file that was copied to its end contains

# TIFF tags (TIFF 6.0, section 8)
_ORIENTATION, _PHOTOMETRIC, _STRIP_OFFSETS, _STRIP_BYTES = 274, 262, 273, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 322, 323, 324, 325
_WHITE_IS_ZERO = 0
_LARGE_TILE = 16_000_000  # pixels

_TURNS: dict[int, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    2: np.fliplr,
    3: lambda a: a[::-1, ::-1],
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].T,
    8: np.rot90,
}


def decode_raster(data: bytes, kind: RasterFormat, name: str, settings: Settings) -> Picture:
    """Decode a PNG, JPEG or TIFF file.

    Raises
    ------
    TruncatedFile, UnsupportedFile, DecompressionBomb, TooSmall, ColourPhotograph
    """
    try:
        image = _open(data, kind)
        check_pixels(*image.size, len(data), name, settings)
        check_side(*image.size, name)
        _check_frames(image, name)
        if kind == "tiff":
            _check_layout(image, len(data), name)
        return _grey(image, data, kind, name)
    except _PILLOW_ERRORS as error:
        log.debug("decoding of a %s file failed", kind, exc_info=True)
        cut = "truncated" in str(error).lower() or _WHOLE[kind] not in data
        if cut:
            raise TruncatedFile(name=name) from error
        raise UnsupportedFile(name=name, reason="image_damaged") from error


def _open(data: bytes, kind: RasterFormat) -> ImageFile.ImageFile:
    """The plugin itself: ``Image.open`` would import all the others and keep its own limit of size."""
    stream = io.BytesIO(data)
    if kind == "png":
        from PIL.PngImagePlugin import PngImageFile

        return PngImageFile(stream)
    if kind == "jpeg":
        from PIL.JpegImagePlugin import JpegImageFile

        return JpegImageFile(stream)
    from PIL.TiffImagePlugin import TiffImageFile

    return TiffImageFile(stream)


def _check_frames(image: ImageFile.ImageFile, name: str) -> None:
    if getattr(image, "n_frames", 1) > 1:
        raise UnsupportedFile(name=name, reason="image_several_frames")


def _check_layout(image: ImageFile.ImageFile, length: int, name: str) -> None:
    """Strips and tiles that lie inside the file, tiles no larger than they need to be."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    for offsets, counts in ((_STRIP_OFFSETS, _STRIP_BYTES), (_TILE_OFFSETS, _TILE_BYTES)):
        ends = zip(_numbers(tags.get(offsets)), _numbers(tags.get(counts)), strict=False)
        if any(offset + count > length for offset, count in ends):
            raise TruncatedFile(name=name)
    tile = max(_numbers(tags.get(_TILE_WIDTH)), default=0) * max(_numbers(tags.get(_TILE_HEIGHT)), default=0)
    if tile > max(4 * image.width * image.height, _LARGE_TILE):
        raise UnsupportedFile(name=name, reason="image_header")


def _numbers(value: object) -> tuple[int, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(int(v) for v in values if isinstance(v, int))


def _grey(image: ImageFile.ImageFile, data: bytes, kind: RasterFormat, name: str) -> Picture:
    steps: list[str] = []
    orientation = _orientation(image, kind)
    white_is_zero = kind == "tiff" and image.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO  # type: ignore[attr-defined]
    if is_wide(image):
        channels, full = wide_channels(image, _open(data, kind), name), 0xFFFF
    else:
        image.load()
        channels, full = _channels(image), 0xFF
    pixels = _flatten(channels, full, steps, name)
    if white_is_zero and image.mode in ("I;16", "I;16B", "F"):  # Pillow turns the others itself
        top = np.float32(0xFFFF) if image.mode != "F" else pixels.max() + pixels.min()
        pixels = top - pixels
        steps.append("white_is_zero")
    if orientation in _TURNS:
        pixels = np.ascontiguousarray(_TURNS[orientation](pixels))
        steps.append("orientation")
    return Picture(pixels, tuple(steps))


def _orientation(image: ImageFile.ImageFile, kind: RasterFormat) -> int:
    """EXIF orientation, 1 when there is none; Pillow turns a TIFF by itself."""
    if kind == "tiff" or "exif" not in image.info:
        return 1
    value = image.getexif().get(_ORIENTATION, 1)
    return value if isinstance(value, int) else 1


def _channels(image: ImageFile.ImageFile) -> NDArray[Any]:
    """Pixels as (H, W), (H, W, 2) grey and alpha, (H, W, 3) or (H, W, 4), in the file's own units."""
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in ("L", "I;16", "I;16L", "I;16B", "I;16N", "I", "F", "LA", "RGB", "RGBA"):
        return np.asarray(image)
    if image.mode == "La":
        return np.asarray(image.convert("LA"))
    see_through = image.mode in ("PA", "RGBa") or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if see_through else "RGB"))


def _flatten(channels: NDArray[Any], full: int, steps: list[str], name: str) -> NDArray[np.float32]:
    """One grey plane: colour weighed, alpha laid over black."""
    if channels.ndim == 2:
        return finite(channels, name) if channels.dtype.kind == "f" else channels.astype(np.float32)
    count = channels.shape[2]
    if count in (3, 4):
        grey = to_grey(channels[..., :3], full, name)
        steps.append("colour_to_grey")
    else:
        grey = channels[..., 0].astype(np.float32)
    if count in (2, 4):
        alpha = channels[..., -1]
        if alpha.min() < full:
            grey *= alpha.astype(np.float32) / np.float32(full)
            steps.append("alpha_over_black")
    return grey
