"""What a file is, by its first bytes. Its name is not asked."""

from __future__ import annotations

import struct
from typing import Literal

from prosvet.core.errors import NotAnImage, UnsupportedFile

__all__ = ["Format", "sniff"]

Format = Literal["dicom", "png", "jpeg", "tiff"]

_READ: tuple[tuple[bytes, Format], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)
# Pictures that this program does not read; named so that the answer is not "not an image".
_OTHER = (b"GIF8", b"BM", b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51", b"%PDF", b"\x00\x00\x00\x0cJXL ", b"\xff\x0a")
_OTHER_AT = ((8, b"WEBP"), (4, b"ftypheic"), (4, b"ftypavif"), (4, b"ftypmif1"), (344, b"n+1\x00"))

_MARK = slice(128, 132)
_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT OB OW PN SH SL SQ SS ST TM UI UL UN US UT".split())
_FIRST_GROUPS = (0x0002, 0x0008)
_LONGEST_FIRST = 64  # bytes of its value
_LAST_FIRST_ELEMENT = 0x0100  # a dataset begins with one of the first elements of its first group


def sniff(data: bytes, name: str) -> Format:
    """The format of a file's bytes.

    Raises
    ------
    NotAnImage
        For an empty file and for anything that is no known picture.
    UnsupportedFile
        For a picture in a format that is not read.

    Examples
    --------
    >>> sniff(b"II*\\x00" + bytes(100), "scan.bin")
    'tiff'
    """
    if data[_MARK] == b"DICM":
        return "dicom"
    for magic, kind in _READ:
        if data.startswith(magic):
            return kind
    if data.startswith(_OTHER) or any(data[at : at + len(magic)] == magic for at, magic in _OTHER_AT):
        raise UnsupportedFile(name=name, reason="image_other_format")
    if _bare_dataset(data):
        return "dicom"
    raise NotAnImage(name=name)


def _bare_dataset(data: bytes) -> bool:
    """Does a DICOM dataset begin at once, without preamble and mark?"""
    if len(data) < 16:
        return False
    for order in "<>":
        group, element, vr, short = struct.unpack(f"{order}HH2sH", data[:8])
        if group not in _FIRST_GROUPS or element > _LAST_FIRST_ELEMENT:
            continue
        if vr in _VRS:
            return int(short) <= len(data)
        if order == "<" and group == 0x0008:  # implicit: four bytes of length
            length: int = struct.unpack("<I", data[4:8])[0]
            return length <= _LONGEST_FIRST
    return False
