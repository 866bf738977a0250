"""PNG, JPEG and TIFF without their notes: names, comments, places and thumbnails go, pixels stay bit for bit."""

from __future__ import annotations

import io
import re
import struct

import numpy as np
from PIL import Image

__all__ = ["strip_notes"]

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"sBIT", b"pHYs"}
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_JFIF, _ADOBE, _SCAN, _END = 0xE0, 0xEE, 0xDA, 0xD9  # Adobe's segment says how colours were transformed


def strip_notes(data: bytes, kind: str) -> bytes:
    """The file `data` of `kind` (png, jpeg or tiff) without what is not needed to show it.

    The file must have been decoded before: this is no check of it.
    """
    if kind == "png":
        return _png(data)
    if kind == "jpeg":
        return _jpeg(data)
    return _tiff(data)


def _png(data: bytes) -> bytes:
    parts, place = [_PNG_START], len(_PNG_START)
    while place + 12 <= len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        if name in _PNG_KEPT:
            parts.append(data[place : place + 12 + size])
        place += 12 + size
        if name == b"IEND":
            break
    return b"".join(parts)


def _jpeg(data: bytes) -> bytes:
    parts, place = [data[:2]], 2
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
        is_note = 0xE0 <= marker <= 0xEF or marker == 0xFE
        if not is_note or marker in (_JFIF, _ADOBE):
            parts.append(data[place:end])
        place = end
    return b"".join(parts) + b"\xff" + bytes([_END])


def _tiff(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as picture:
        plain = picture.convert("RGB") if picture.mode in ("P", "CMYK", "YCbCr", "LAB") else picture
        clean = Image.fromarray(np.asarray(plain))
    out = io.BytesIO()
    clean.save(out, "TIFF", compression="tiff_adobe_deflate")
    return out.getvalue()
