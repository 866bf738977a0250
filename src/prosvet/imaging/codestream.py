"""What a compressed frame says of itself, read before a decoder is let at it.

A decoder takes memory by the size written inside the frame; when that is not the size in the DICOM header, one of
them is wrong, and the frame must not be decoded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["FrameSize", "frame_size", "is_whole"]

_JPEG_START, _J2K_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"  # the same in JPEG, JPEG-LS and JPEG 2000
# Start-of-frame markers: all of C0..CF but DHT, JPG and DAC (ITU-T T.81, table B.1), and SOF55 of JPEG-LS (T.87).
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD8)})
_SCAN = 0xDA


@dataclass(frozen=True)
class FrameSize:
    """Columns, rows and samples per pixel, and the bits of a sample."""

    columns: int
    rows: int
    samples: int
    bits: int


def is_whole(frame: bytes) -> bool:
    """Does a JPEG, JPEG-LS or JPEG 2000 frame run to its end marker (padding aside)?"""
    return _END in frame[-64:]


def frame_size(frame: bytes) -> FrameSize | None:
    """The size inside a JPEG, JPEG-LS or JPEG 2000 frame; None when there is none to be found.

    Examples
    --------
    >>> frame_size(bytes.fromhex("ffd8 ffc0 000b 08 0040 0080 01 011100".replace(" ", "")))
    FrameSize(columns=128, rows=64, samples=1, bits=8)
    """
    try:
        if frame.startswith(_J2K_START):
            return _jpeg2000(frame)
        if frame[4:8] == b"jP  ":  # some writers keep the JP2 boxes, against the standard
            start = frame.find(_J2K_START)
            return _jpeg2000(frame[start:]) if start > 0 else None
        return _jpeg(frame) if frame.startswith(_JPEG_START) else None
    except struct.error:
        return None


def _jpeg(frame: bytes) -> FrameSize | None:
    at = 2
    while True:
        mark, code = struct.unpack_from(">BB", frame, at)
        if mark != 0xFF or code == _SCAN:
            return None
        if code == 0xFF or code in _BARE_MARKERS:  # fill bytes and markers without a length
            at += 1 if code == 0xFF else 2
            continue
        if code in _FRAME_MARKERS:
            bits, rows, columns, samples = struct.unpack_from(">BHHB", frame, at + 4)
            return FrameSize(columns, rows, samples, bits)
        at += 2 + int(struct.unpack_from(">H", frame, at + 2)[0])


def _jpeg2000(frame: bytes) -> FrameSize | None:
    """The SIZ segment (ITU-T T.800, A.5.1); None when its tiles or sampling make no sense."""
    right, bottom, left, top, wide, high, tile_left, tile_top, samples, depth = struct.unpack_from(">8IHB", frame, 8)
    if left >= right or top >= bottom or not wide or not high or tile_left > left or tile_top > top:
        return None
    if any(step != 1 for step in frame[43 : 42 + 3 * samples : 3] + frame[44 : 42 + 3 * samples : 3]):
        return None  # subsampled planes: never in a radiograph
    return FrameSize(right - left, bottom - top, samples, (depth & 0x7F) + 1)
