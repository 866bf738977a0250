"""From a DICOM file's bytes to its header and the bytes of its one frame.

pydicom reads the header up to the pixels; the pixel element is read here, because a file that stops short must be
told from a file without pixels, and because a deflated dataset must not be inflated without bound.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset, FileDataset
from pydicom.filereader import read_partial

from prosvet.core.errors import OversizedFile, TruncatedFile, UnsupportedFile
from prosvet.core.settings import Settings

__all__ = ["PixelElement", "inflated", "read_header", "read_pixels"]

_IMPLICIT_VRS = {0x7FE00010: "OW", 0x7FE00008: "OF", 0x7FE00009: "OD"}  # PS3.5 A.1

_DEFLATED = b"1.2.840.10008.1.2.1.99"
_PLAIN = b"1.2.840.10008.1.2.1\0\0\0"  # as long, so that no length in the file changes
_META_START = 132
_UNDEFINED = 0xFFFFFFFF
_ITEM, _END_OF_ITEMS = 0xFFFEE000, 0xFFFEE0DD
_LONG_VRS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN")


def inflated(data: bytes, name: str, settings: Settings) -> bytes:
    """The same file in the plain syntax when it is in the deflated one (PS3.5 A.5), else `data` itself.

    Raises
    ------
    OversizedFile
        When it would inflate beyond ``settings.max_bytes``; inflating stops there.
    TruncatedFile, UnsupportedFile
        When the deflated stream stops short or is damaged.
    """
    if data[128:_META_START] != b"DICM" or _DEFLATED not in data[:4096]:
        return data
    start = _end_of_meta(data)
    meta = data[:start]
    if _DEFLATED not in meta:
        return data
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = stream.decompress(data[start:], settings.max_bytes)
    except zlib.error as error:
        raise UnsupportedFile(name=name, reason="image_damaged") from error
    if stream.unconsumed_tail:
        raise OversizedFile(name=name, size=len(plain) + len(stream.unconsumed_tail), limit=settings.max_bytes)
    if not stream.eof:
        raise TruncatedFile(name=name)
    return meta.replace(_DEFLATED, _PLAIN) + plain


def _end_of_meta(data: bytes) -> int:
    """Where the file meta information (group 2, always explicit little endian) ends."""
    at = _META_START
    while data[at : at + 2] == b"\x02\x00":
        if data[at + 4 : at + 6] in _LONG_VRS:
            at += 12 + int.from_bytes(data[at + 8 : at + 12], "little")
        else:
            at += 8 + int.from_bytes(data[at + 6 : at + 8], "little")
    return min(at, len(data))


def read_header(data: bytes) -> tuple[FileDataset, int]:
    """Everything before the pixels, and where the pixel element begins (the data's end when there is none)."""
    stream = io.BytesIO(data)

    def at_pixels(tag: int, _vr: str | None, _length: int) -> bool:
        return tag in _IMPLICIT_VRS

    header = read_partial(stream, at_pixels, force=True)
    return header, stream.tell()


@dataclass(frozen=True)
class PixelElement:
    """The pixels as the file has them.

    Attributes
    ----------
    tag : int
        Pixel Data, Float Pixel Data or Double Float Pixel Data.
    vr : str
        Value representation: in a big-endian file 8-bit pixels lie in another order under OW than under OB.
    value : bytes
        Of a native element, its value; of an encapsulated one, its fragments joined: one frame.
    """

    tag: int
    vr: str
    value: bytes
    encapsulated: bool


def read_pixels(data: bytes, start: int, header: Dataset, name: str) -> PixelElement:
    """The pixel element that begins at `start`.

    Raises
    ------
    TruncatedFile
        When the element runs beyond the data, or the data stop where a picture's pixels should begin.
    UnsupportedFile
        When the object has no pixels by its nature (a report, a presentation state, ...).
    """
    order: Any = "little" if header.original_encoding[1] is not False else "big"
    if start + 8 > len(data):
        if _is_picture(header):
            raise TruncatedFile(name=name)
        raise UnsupportedFile(name=name, reason="image_no_pixels")
    group, element = (int.from_bytes(data[at : at + 2], order) for at in (start, start + 2))
    explicit = data[start + 4 : start + 6] in _LONG_VRS
    first = start + (12 if explicit else 8)
    length = int.from_bytes(data[first - 4 : first], order)
    tag = group << 16 | element
    if length == _UNDEFINED:
        return PixelElement(tag, "OB", _fragments(data, first, name), True)
    if first + length > len(data):
        raise TruncatedFile(name=name)
    vr = data[start + 4 : start + 6].decode("ascii") if explicit else _IMPLICIT_VRS[tag]
    return PixelElement(tag, vr, data[first : first + length], False)


def _is_picture(header: Dataset) -> bool:
    """Does an object without pixels look like an image that lost them?"""
    if "Rows" in header or "Columns" in header:
        return True
    kind = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID")
    return kind is not None and "Image Storage" in getattr(kind, "name", "")


def _fragments(data: bytes, at: int, name: str) -> bytes:
    """The items of an encapsulated element (PS3.5 A.4; always little endian), without the offset table, joined."""
    parts: list[bytes] = []
    while at + 8 <= len(data):
        tag = int.from_bytes(data[at : at + 2], "little") << 16 | int.from_bytes(data[at + 2 : at + 4], "little")
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if tag == _END_OF_ITEMS:
            return b"".join(parts[1:])
        if tag != _ITEM:
            raise UnsupportedFile(name=name, reason="image_damaged")
        if at + 8 + length > len(data):
            raise TruncatedFile(name=name)
        parts.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    raise TruncatedFile(name=name)
