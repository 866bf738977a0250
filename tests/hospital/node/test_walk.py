"""A walk over encoded data sets agrees with the library on real files, and ends on every hostile one."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from prosvet.hospital.node.refusals import Refusal
from prosvet.hospital.node.walk import walk

_WANTED = (0x00080016, 0x00080018, 0x0020000D, 0x0020000E)
_UID = b"\x08\x00\x18\x00UI\x04\x001.2\x00"
_IMAGE = b"\xe0\x7f\x10\x00OB\x00\x00"
_NO_END = b"\xff\xff\xff\xff"
_ITEM, _ITEM_END, _SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0\0\0\0\0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_SEQUENCE = b"\x08\x00\x40\x11SQ\x00\x00"


def _data_set(path: Path) -> tuple[bytes, pydicom.uid.UID]:
    data = path.read_bytes()
    meta = pydicom.filereader.read_file_meta_info(path)
    length = meta.FileMetaInformationGroupLength
    return data[144 + length :], meta.TransferSyntaxUID


@pytest.mark.parametrize(
    "name",
    [
        "RG1_UNCR.dcm", "RG3_J2KR.dcm", "SC_rgb_expb.dcm", "JPEG-LL.dcm", "emri_small_RLE.dcm", "explicit_VR-UN.dcm",
        "MR-SIEMENS-DICOM-WithOverlays.dcm", "emri_small_big_endian.dcm", "eCT_Supplemental.dcm",
        "color3d_jpeg_baseline.dcm",
    ],
)  # fmt: skip
def test_a_real_file_is_walked_to_its_end_and_read_as_the_library_reads_it(pydicom_data: Path, name: str) -> None:
    data, syntax = _data_set(pydicom_data / name)
    found = walk(data, 0, syntax.is_implicit_VR, syntax.is_little_endian, _WANTED)
    header = dcmread(pydicom_data / name, stop_before_pixels=True)
    for tag in _WANTED:
        assert found[tag].decode().rstrip("\0 ") == str(header[tag].value)


@pytest.mark.parametrize("name", ["SC_rgb.dcm", "JPEG-LL.dcm", "SC_rgb_expb.dcm"])
def test_a_file_that_is_cut_is_refused_wherever_it_is_cut(pydicom_data: Path, name: str) -> None:
    data, syntax = _data_set(pydicom_data / name)
    whole = {len(data)}
    for end in [*range(1, min(len(data), 900)), *range(901, len(data), 997), len(data) - 1]:
        try:
            walk(data[:end], 0, syntax.is_implicit_VR, syntax.is_little_endian, _WANTED)
            whole.add(end)
        except Refusal as refusal:
            assert refusal.reason == "truncated"
    # A cut between two elements leaves a data set that is well formed: what is missing then shows as a missing UID or
    # as a film without pixels. Inside an element there is no such place.
    boundaries = _boundaries(data, syntax)
    assert whole <= boundaries


def _boundaries(data: bytes, syntax: pydicom.uid.UID) -> set[int]:
    stream, ends = BytesIO(data), {len(data)}
    for element in pydicom.filereader.data_element_generator(stream, syntax.is_implicit_VR, syntax.is_little_endian):
        if element.tag.group != 0x7FE0 or syntax.is_encapsulated is False:
            ends.add(stream.tell())
    return ends


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_UID[:-1], "truncated"),
        (b"\x08\x00\x18\x00UI\xff\xff1.2\x00", "truncated"),
        (_IMAGE + b"\xfe\xff\xff\x7f" + b"1234", "truncated"),
        (_IMAGE + _NO_END + _ITEM + b"\x08\x00\x00\x00" + b"1234", "truncated"),
        (_IMAGE + _NO_END, "truncated"),
        (_SEQUENCE + _NO_END + _ITEM + _NO_END + _UID, "truncated"),
        (_ITEM_END, "not_understood"),
        (_ITEM + b"\0\0\0\0", "not_understood"),
        (_UID + _UID, "not_understood"),
        (b"\x02\x00\x10\x00UI\x04\x001.2\x00", "not_understood"),
        (b"\x08\x00\x18\x00\x00\x01\x04\x001.2\x00", "not_understood"),
        (b"\x08\x00\x18\x00UI\x02\x08" + b"1" * 2050, "not_understood"),
        ((_SEQUENCE + _NO_END + _ITEM + _NO_END) * 100_000, "not_understood"),
        (_SEQUENCE + _NO_END + (_ITEM + b"\0\0\0\0") * 600_000 + _SEQUENCE_END, "not_understood"),
    ],
)
def test_what_lies_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        walk(data, 0, False, True, _WANTED)
    assert caught.value.reason == reason


def test_what_stands_in_a_sequence_is_not_taken_for_the_objects_own() -> None:
    inner = _SEQUENCE + _NO_END + _ITEM + _NO_END + _UID.replace(b"1.2", b"6.6") + _ITEM_END + _SEQUENCE_END
    assert walk(_UID[:0] + inner + _UID, 0, False, True, _WANTED) == {0x00080018: b"1.2\0"}


def test_an_unknown_sequence_is_implicit_inside() -> None:
    inner = b"\x08\x00\x18\x00" + struct.pack("<I", 4) + b"6.6\0"
    data = b"\x09\x00\x10\x10UN\x00\x00" + _NO_END + _ITEM + _NO_END + inner + _ITEM_END + _SEQUENCE_END + _UID
    assert walk(data, 0, False, True, _WANTED) == {0x00080018: b"1.2\0"}


@given(st.binary(max_size=400), st.booleans(), st.booleans())
def test_any_bytes_are_walked_or_refused(data: bytes, implicit: bool, little: bool) -> None:
    try:
        found = walk(data, 0, implicit, little, _WANTED)
    except Refusal:
        return
    assert all(value in data for value in found.values())
