"""The identifiers of an object, as it says them and as the archive will read them."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from prosvet.archive.deidentify import patient_key
from prosvet.hospital.config import Routing
from prosvet.hospital.node.classes import route
from prosvet.hospital.node.identify import INFLATED, Identity, identify, valid_uid
from prosvet.hospital.node.refusals import Refusal

_EXPLICIT, _DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"


def _header(**values: object) -> Dataset:
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", "1.2.3.4"
    made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    made.Modality, made.BodyPartExamined, made.PatientID = "CR", "CHEST", "77"
    for name, value in values.items():
        setattr(made, name, value)
    return made


def _encoded(header: Dataset) -> bytes:
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, False
    write_dataset(stream, header)
    return stream.getvalue()


def _identify(folder: Path, data: bytes, syntax: str = _EXPLICIT) -> Identity:
    file = folder / "object"
    file.write_bytes(b"head" + data)
    return identify(file, 4, syntax)


def test_the_identifiers_are_read(tmp_path: Path) -> None:
    found = _identify(tmp_path, _encoded(_header(IssuerOfPatientID="H")))
    assert (found.sop_uid, found.study_uid, found.modality, found.body_part) == ("1.2.3.4", "1.2.3", "CR", "CHEST")
    assert found.patient == "H|77"


@pytest.mark.parametrize(
    "header",
    [
        _header(SpecificCharacterSet="ISO_IR 192", PatientID="Иванов-7", IssuerOfPatientID=" ГКБ "),
        _header(SpecificCharacterSet="ISO_IR 144", PatientID="Петров"),
        _header(PatientID=""),
        _header(PatientID=" 12 "),
    ],
)
def test_the_patient_is_the_one_the_archive_will_see(tmp_path: Path, header: Dataset) -> None:
    from pydicom.filereader import read_dataset

    data = _encoded(header)
    read = read_dataset(BytesIO(data), False, True)
    assert _identify(tmp_path, data).patient == patient_key(read)


@pytest.mark.parametrize(
    "uid", ["../../etc/passwd", "1.2/3", "1.2.3\\4", "..", "1..2", "", "1" * 65, "1.2.3\x00.4", "a.b"]
)
def test_a_path_is_no_uid(uid: str) -> None:
    assert not valid_uid(uid)


@pytest.mark.parametrize("name", ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
def test_an_object_with_a_path_for_a_uid_is_refused(tmp_path: Path, name: str) -> None:
    data = _encoded(_header()).replace(*{
        "SOPInstanceUID": (b"1.2.3.4\x00", b"../../e\x00"),
        "StudyInstanceUID": (b"UI\x06\x001.2.3\x00", b"UI\x06\x00../..\x00"),
        "SeriesInstanceUID": (b"1.2.3.1\x00", b"/etc/pw\x00"),
    }[name])  # fmt: skip
    with pytest.raises(Refusal) as caught:
        _identify(tmp_path, data)
    assert caught.value.reason == "invalid_uid"


@pytest.mark.parametrize("name", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
def test_an_object_without_a_uid_is_refused(tmp_path: Path, name: str) -> None:
    header = _header()
    delattr(header, name)
    with pytest.raises(Refusal) as caught:
        _identify(tmp_path, _encoded(header))
    assert caught.value.reason == "missing_uid"


def _deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


def test_a_deflated_object_is_read(tmp_path: Path) -> None:
    assert _identify(tmp_path, _deflate(_encoded(_header())), _DEFLATED).sop_uid == "1.2.3.4"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_deflate(_encoded(_header()) + bytes(INFLATED)), "inflated"),
        (_deflate(_encoded(_header()))[:-9], "truncated"),
        (b"\xff" * 100, "not_understood"),
    ],
)
def test_a_deflated_object_that_lies_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        _identify(tmp_path, data, _DEFLATED)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("sop_class", "modality", "body_part", "reason"),
    [
        ("1.2.840.10008.5.1.4.1.1.1", "CR", "CHEST", None),
        ("1.2.840.10008.5.1.4.1.1.1.1", "DX", "", None),
        ("1.2.840.10008.5.1.4.1.1.1.1", "DX", "CHEST_TO_ABDOMEN", None),
        ("1.2.840.10008.5.1.4.1.1.1.1", "DX", "KNEE", "body_part"),
        ("1.2.840.10008.5.1.4.1.1.1.1", "MG", "CHEST", "modality"),
        ("1.2.840.10008.5.1.4.1.1.2", "CT", "CHEST", "sop_class"),
    ],
)
def test_what_is_read_is_chosen_by_class_modality_and_body_part(
    sop_class: str, modality: str, body_part: str, reason: str | None
) -> None:
    assert route(sop_class, modality, body_part, Routing()) == reason
