from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import uid

from prosvet.core.errors import UnsupportedFile
from prosvet.imaging.codestream import FrameSize, frame_size
from prosvet.imaging.dicom_file import read_header, read_pixels
from prosvet.imaging.lossless import decode_12_bit, decode_lossless


@pytest.fixture
def frame(pydicom_data: Path) -> bytes:
    """A real JPEG lossless frame of 8 bits."""
    data = (pydicom_data / "JPGLosslessP14SV1_1s_1f_8b.dcm").read_bytes()
    header, start = read_header(data)
    return read_pixels(data, start, header, "film").value


def decode(frame: bytes, size: FrameSize) -> bytes:
    return decode_lossless(frame, size, uid.JPEGLosslessSV1, stored=8, signed=False, name="film")


def test_frame_is_decoded(frame: bytes) -> None:
    size = frame_size(frame)
    assert size == FrameSize(columns=1024, rows=768, samples=1, bits=8)
    samples = decode(frame, size)
    assert len(samples) == 1024 * 768
    assert len(set(samples)) > 200


def test_frame_that_kills_the_decoder_is_one_files_error(frame: bytes) -> None:
    """A precision of 255 bits ends the decoder's process with a signal; ours goes on."""
    size = frame_size(frame)
    assert size is not None
    deadly = bytearray(frame)
    deadly[frame.index(b"\xff\xc3") + 4] = 255
    with pytest.raises(UnsupportedFile) as caught:
        decode(bytes(deadly), size)
    assert getattr(caught.value.__cause__, "returncode", 0) < 0


def test_size_that_is_not_the_frames_is_refused(frame: bytes) -> None:
    size = frame_size(frame)
    assert size is not None
    with pytest.raises(UnsupportedFile):
        decode(frame[:3000], size)


def test_damaged_twelve_bit_frame_raises(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError):
        decode_12_bit(b"\xff\xd8\xff\xd9", FrameSize(64, 64, 1, 12))
