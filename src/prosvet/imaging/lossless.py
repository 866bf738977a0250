"""Compressed frames that need a way of their own: JPEG lossless, and JPEG with 12 bits a sample.

GDCM is the one free decoder of JPEG lossless, and on some damaged frames it ends its process. So it works in a
child process with limits of memory and time, where that is one file's error. JPEG with 12 bits is decoded by the
JPEG library behind Pillow, which takes such samples only from a TIFF file; the frame is wrapped in one.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np

from prosvet.core.errors import UnsupportedFile
from prosvet.imaging.codestream import FrameSize

__all__ = ["decode_12_bit", "decode_lossless"]

_CHILD = Path(__file__).with_name("lossless_child.py")
_SECONDS = 60


def decode_lossless(frame: bytes, size: FrameSize, syntax: str, *, stored: int, signed: bool, name: str) -> bytes:
    """The samples of a JPEG lossless frame, interleaved, in the fewest whole little-endian bytes.

    Parameters
    ----------
    stored : int
        Bits stored, as the DICOM header has it.

    Raises
    ------
    UnsupportedFile
        When the decoder refuses the frame, dies of it, or takes too long.
    """
    width = 8 if size.bits <= 8 else 16
    facts = (syntax, size.columns, size.rows, size.samples, width, min(stored, width), int(signed))
    command = [sys.executable, "-I", str(_CHILD), *map(str, facts)]
    try:
        done = subprocess.run(command, input=frame, capture_output=True, timeout=_SECONDS, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise UnsupportedFile(name=name, reason="image_damaged") from error
    if len(done.stdout) != size.columns * size.rows * size.samples * width // 8:
        raise UnsupportedFile(name=name, reason="image_damaged")
    return done.stdout


def decode_12_bit(frame: bytes, size: FrameSize) -> bytes:
    """The samples of a grey 12-bit JPEG frame, two little-endian bytes each.

    Raises
    ------
    OSError
        When the frame is damaged.
    """
    from PIL.TiffImagePlugin import TiffImageFile

    image = TiffImageFile(io.BytesIO(_as_tiff(frame, size)))
    return np.asarray(image).astype("<u2").tobytes()


def _as_tiff(frame: bytes, size: FrameSize) -> bytes:
    """A TIFF file of one strip, the frame (TIFF 6.0 section 2; compression 7: TIFF Technical Note 2)."""
    padded = frame + b"\0" * (len(frame) % 2)
    entries = ((256, size.columns), (257, size.rows), (258, size.bits), (259, 7), (262, 1), (273, 8), (277, 1),
               (278, size.rows), (279, len(frame)))  # fmt: skip
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(padded)) + padded + struct.pack("<H", len(entries)) + table + bytes(4)
