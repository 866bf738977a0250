from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.sequence import Sequence

from prosvet.core.errors import DecompressionBomb, ImageError, NotAnImage, OversizedFile, TruncatedFile, UnsupportedFile
from prosvet.core.settings import Settings, load_settings
from prosvet.imaging import load_bytes, load_film

COMPRESSED = [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless]


def with_value(data: bytes, tag: int, value: int) -> bytes:
    """The file with a US element's value written over, whatever the rest says."""
    at = data.index(struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, b"US", 2))
    return data[: at + 8] + struct.pack("<H", value) + data[at + 10 :]


ROWS, COLUMNS, ALLOCATED, STORED, SAMPLES = 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280002


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian, *COMPRESSED],
                         ids=lambda syntax: syntax.keyword)  # fmt: skip
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_file_cut_short_is_truncated(syntax: uid.UID, share: float, make_dicom, settings: Settings) -> None:
    noise = np.random.default_rng(0).integers(0, 4096, (96, 80)).astype(np.uint16)
    data = make_dicom(noise, syntax)
    with pytest.raises(TruncatedFile):
        load_bytes(data[: int(len(data) * share)], "film", settings)


def test_file_cut_in_its_header_is_truncated(make_dicom, ramp, settings: Settings) -> None:
    data = make_dicom(ramp)
    with pytest.raises(TruncatedFile):
        load_bytes(data[: data.index(b"CR") + 1], "film", settings)


@pytest.mark.parametrize("syntax", [uid.JPEGLSLossless, uid.JPEG2000Lossless], ids=lambda syntax: syntax.keyword)
def test_frame_without_its_end_is_truncated(syntax, make_dicom, make_encapsulated, ramp, settings: Settings) -> None:
    source = pydicom.dcmread(io.BytesIO(make_dicom(ramp, syntax)))
    frame = next(generate_frames(source.PixelData, number_of_frames=1))
    with pytest.raises(TruncatedFile):
        load_bytes(make_encapsulated(frame[: len(frame) // 2], syntax, 96, 80), "film", settings)


@pytest.mark.parametrize("name", ["MR_truncated.dcm"])
def test_real_truncated_file(name: str, settings: Settings) -> None:
    with pytest.raises(TruncatedFile):
        load_film(Path(str(get_testdata_file(name, download=False))), settings)


@pytest.mark.parametrize("name", ["test-SR.dcm", "reportsi.dcm", "rtplan.dcm", "waveform_ecg.dcm", "DICOMDIR"])
def test_object_without_pixels_is_named_so(name: str, settings: Settings) -> None:
    with pytest.raises(UnsupportedFile) as caught:
        load_film(Path(str(get_testdata_file(name, download=False))), settings)
    assert caught.value.details["reason"] == "image_no_pixels"
    assert "без изображения" in caught.value.message("ru")


def test_absurd_size_takes_no_memory(make_dicom, ramp, settings: Settings) -> None:
    data = with_value(with_value(make_dicom(ramp), ROWS, 60000), COLUMNS, 60000)
    tracemalloc.start()
    with pytest.raises(DecompressionBomb) as caught:
        load_bytes(data, "film", settings)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert "3600000000" in caught.value.message("en")


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, *COMPRESSED], ids=lambda syntax: syntax.keyword)
def test_size_beyond_the_data_takes_no_memory(syntax: uid.UID, make_dicom, ramp, settings: Settings) -> None:
    data = with_value(with_value(make_dicom(ramp, syntax), ROWS, 9000), COLUMNS, 9000)
    tracemalloc.start()
    with pytest.raises(ImageError):
        load_bytes(data, "film", settings)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_size_inside_a_frame_must_be_that_of_the_header(make_dicom, make_encapsulated, ramp, settings) -> None:
    source = pydicom.dcmread(io.BytesIO(make_dicom(ramp, uid.JPEG2000Lossless)))
    frame = bytearray(next(generate_frames(source.PixelData, number_of_frames=1)))
    frame[8:16] = struct.pack(">II", 40000, 40000)  # Xsiz, Ysiz: a decoder would take gigabytes
    with pytest.raises(UnsupportedFile) as caught:
        load_bytes(make_encapsulated(bytes(frame), uid.JPEG2000Lossless, 96, 80), "film", settings)
    assert caught.value.details["reason"] == "image_header"


def test_deflated_bomb_is_not_inflated(make_dicom, ramp) -> None:
    data = make_dicom(ramp, uid.DeflatedExplicitVRLittleEndian)
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = data[:start] + b"".join(packer.compress(bytes(1_000_000)) for _ in range(30)) + packer.flush()
    tracemalloc.start()
    with pytest.raises(OversizedFile):
        load_bytes(bomb, "film", load_settings({}, max_bytes=1_000_000))
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (ROWS, 0),
        (COLUMNS, 0),
        (ALLOCATED, 7),
        (ALLOCATED, 0),
        (ALLOCATED, 24),
        (STORED, 40),
        (SAMPLES, 2),
        (SAMPLES, 0),
    ],
)
def test_absurd_header_is_an_image_error(tag: int, value: int, make_dicom, ramp, settings: Settings) -> None:
    with pytest.raises(ImageError):
        load_bytes(with_value(make_dicom(ramp), tag, value), "film", settings)


@pytest.mark.parametrize("elements", [{"Rows": None}, {"PhotometricInterpretation": None, "Columns": None},
                                      {"PhotometricInterpretation": "PALETTE COLOR"}, {"NumberOfFrames": -1},
                                      {"PhotometricInterpretation": "NONSENSE"}, {"SamplesPerPixel": 3}])  # fmt: skip
def test_contradictory_header_is_an_image_error(elements: dict, make_dicom, ramp, settings: Settings) -> None:
    with pytest.raises(ImageError):
        load_bytes(make_dicom(ramp, **elements), "film", settings)


@pytest.mark.parametrize(("descriptor", "values"), [([256, 0, 16], [1, 2, 3]), ([4, 0, 16], [5, 5, 5, 5])])
@pytest.mark.parametrize("keyword", ["ModalityLUTSequence", "VOILUTSequence"])
def test_garbage_table_is_refused(keyword: str, descriptor, values, make_dicom, ramp, settings: Settings) -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", descriptor)
    item.add_new("LUTData", "US", values)
    with pytest.raises(UnsupportedFile) as caught:
        load_bytes(make_dicom(ramp, **{keyword: Sequence([item])}), "film", settings)
    assert caught.value.details["reason"] == "image_table"


def test_syntax_without_a_decoder_is_named_so(make_encapsulated, settings: Settings) -> None:
    data = make_encapsulated(b"\x00\x00\x01\xb3" * 50, uid.MPEG2MPML, 96, 80)
    with pytest.raises(UnsupportedFile) as caught:
        load_bytes(data, "film", settings)
    assert caught.value.details["reason"] == "image_compression"


def test_mark_alone_is_no_film(settings: Settings) -> None:
    with pytest.raises(ImageError):
        load_bytes(bytes(128) + b"DICM", "film", settings)
    with pytest.raises(NotAnImage):
        load_bytes(b"\x08\x00\x05\x00CS", "film", settings)


def test_nested_sequences_without_end(make_dicom, ramp, settings: Settings) -> None:
    data = make_dicom(ramp)
    at = data.index(struct.pack("<HH", 0x0028, 0x0002))
    nest = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    with pytest.raises(ImageError):
        load_bytes(data[:at] + nest * 5000 + data[at:], "film", settings)
