"""PNG, JPEG and TIFF without their notes: names, comments, places and thumbnails go, pixels stay as they are."""

from __future__ import annotations

import io
import re
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["strip_notes"]

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sBIT", b"pHYs"}
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JFIF, _EXIF, _ADOBE, _COMMENT, _SCAN, _END = 0xE0, 0xE1, 0xEE, 0xFE, 0xDA, 0xD9
_ORIENTATION = 0x0112


def strip_notes(data: bytes, kind: str, pixels: NDArray[np.float32]) -> bytes:
    """The file `data` of `kind` (png, jpeg or tiff) without what is not needed to show it.

    PNG and JPEG keep their coded pixels bit for bit, and their orientation; a TIFF is written anew from `pixels`.

    Parameters
    ----------
    pixels : ndarray, shape (H, W), float32
        As the file was decoded: this function is no check of a file.
    """
    if kind == "png":
        return _png(data)
    if kind == "jpeg":
        return _jpeg(data)
    return _tiff(pixels)


def _orientation(data: bytes) -> bytes:
    """A minimal EXIF block (TIFF 6.0 layout) with the orientation alone; empty when there is nothing to turn."""
    with Image.open(io.BytesIO(data)) as picture:
        turned = picture.getexif().get(_ORIENTATION, 1)
    if not isinstance(turned, int) or not 2 <= turned <= 8:
        return b""
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, _ORIENTATION, 3, 1, turned, 0, 0)


def _png(data: bytes) -> bytes:
    parts, place = [_PNG_START], len(_PNG_START)
    while place + 12 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        if name in _PNG_KEPT:
            parts.append(data[place : place + 12 + size])
        if name == b"IHDR" and (exif := _orientation(data)):
            parts.append(struct.pack(">I", len(exif)) + b"eXIf" + exif)
            parts.append(struct.pack(">I", zlib.crc32(b"eXIf" + exif)))
        place += 12 + size
        if name == b"IEND":
            break
    return b"".join(parts)


def _jpeg(data: bytes) -> bytes:
    parts, place = [data[:2]], 2
    if exif := _orientation(data):
        parts.append(struct.pack(">BBH6s", 0xFF, _EXIF, len(exif) + 8, b"Exif\0\0") + exif)
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, end = data[place + 1], place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        if marker == _END:
            break
        if marker == _SCAN:  # the coded data run to the next true marker
            following = _MARKER.search(data, end)
            end = following.start() if following else len(data)
        is_note = 0xE0 <= marker <= 0xEF or marker == _COMMENT
        if not is_note or marker == _ADOBE or (marker == _JFIF and data[place + 4 : place + 9] == b"JFIF\0"):
            parts.append(data[place:end])
        place = end
    return b"".join(parts) + bytes((0xFF, _END))


def _tiff(pixels: NDArray[np.float32]) -> bytes:
    plain: NDArray[np.generic] = pixels
    for kind in (np.uint8, np.uint16):
        if pixels.min() >= 0 and pixels.max() <= np.iinfo(kind).max and np.array_equal(pixels, pixels.astype(kind)):
            plain = pixels.astype(kind)
            break
    out = io.BytesIO()
    Image.fromarray(plain).save(out, "TIFF", compression="tiff_adobe_deflate")
    return out.getvalue()
