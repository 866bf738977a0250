"""De-identification: real headers with planted identity, and what must stay for reading."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, PngImagePlugin
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from prosvet.archive.deidentify import Deidentifier, age_years, archive_secret, dicom_day, patient_key
from prosvet.archive.strip import strip_notes
from prosvet.core.settings import load_settings
from prosvet.imaging.load import load_bytes

NAMES = Deidentifier(bytes(range(32)))
PLANTED = ("Ivanova", "Мария", "MRN-778899", "ACC-5551234", "City Hospital No 7", "Lenina 12", "Dr. Petrov",
           "Cough since spring", "89161234567", "SecretStation", "PRIVATE-NOTE", "1.2.3.4.555.777")  # fmt: skip


def planted(source: Path) -> bytes:
    """The real film with a person in every kind of element."""
    film = pydicom.dcmread(source)
    film.SpecificCharacterSet = "ISO_IR 192"
    film.PatientName = "Ivanova^Мария"
    film.PatientID, film.OtherPatientIDs = "MRN-778899", "MRN-778899"
    film.AccessionNumber, film.StudyID = "ACC-5551234", "ACC-5551234"
    film.InstitutionName, film.InstitutionAddress = "City Hospital No 7", "Lenina 12"
    film.ReferringPhysicianName = film.OperatorsName = film.PerformingPhysicianName = "Dr. Petrov"
    film.AdditionalPatientHistory = film.StudyDescription = film.ImageComments = "Cough since spring"
    film.PatientComments = film.ProtocolName = film.SeriesDescription = "Ivanova"
    film.PatientTelephoneNumbers, film.StationName = "89161234567", "SecretStation"
    film.StudyInstanceUID = film.SeriesInstanceUID = film.FrameOfReferenceUID = "1.2.3.4.555.777"
    film.PatientBirthDate, film.PatientAge, film.StudyDate = "19300305", "094Y", "20240826"
    film.private_block(0x0011, "ACME", create=True).add_new(0x01, "LO", "PRIVATE-NOTE Ivanova")
    step = Dataset()
    step.ScheduledPerformingPhysicianName, step.RequestedProcedureDescription = "Dr. Petrov", "Ivanova"
    film.RequestAttributesSequence = Sequence([step])
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator, region.CodeMeaning = "51185008", "SCT", "Chest"
    region.PatientName = "Ivanova^Мария"
    film.AnatomicRegionSequence = Sequence([region])
    film.file_meta.SourceApplicationEntityTitle = "SecretStation"
    film.preamble = b"Ivanova".ljust(128, b"\0")
    out = io.BytesIO()
    film.save_as(out)
    return out.getvalue()


def test_no_planted_identity_survives(pydicom_data: Path) -> None:
    data = planted(pydicom_data / "RG1_UNCR.dcm")
    clean = NAMES.dicom(data)
    for text in PLANTED:
        assert text.encode() in data
        assert text.encode() not in clean
    assert b"19300305" not in clean
    assert b"20240826" not in clean
    header = pydicom.dcmread(io.BytesIO(clean))
    assert not any(element.tag.is_private for element in header.iterall())
    assert "DICOGNITO" in header.DeidentificationMethod
    assert header.PatientName == header.PatientID == NAMES.patient("|MRN-778899")


def test_what_reading_needs_survives(pydicom_data: Path) -> None:
    data = planted(pydicom_data / "RG1_UNCR.dcm")
    clean = NAMES.dicom(data)
    header = pydicom.dcmread(io.BytesIO(clean))
    assert (header.PatientSex, header.PatientAge, header.Modality) == ("F", "090Y", "CR")
    assert (header.ViewPosition, header.BodyPartExamined) == ("PA", "CHEST")
    assert header.AnatomicRegionSequence[0].CodeMeaning == "Chest"
    settings = load_settings({})
    before, after = load_bytes(data, "a.dcm", settings), load_bytes(clean, "a.dcm", settings)
    assert np.array_equal(before.pixels, after.pixels)
    assert after.steps == before.steps


@pytest.mark.parametrize("name", ["RG1_J2KR.dcm", "RG3_J2KI.dcm", "JPEG-LL.dcm", "SC_rgb_dcmtk_ebcr_dcmd.dcm"])
def test_compressed_files_keep_their_pixels(pydicom_data: Path, name: str) -> None:
    data = (pydicom_data / name).read_bytes()
    before, after = pydicom.dcmread(io.BytesIO(data)), pydicom.dcmread(io.BytesIO(NAMES.dicom(data)))
    assert after.PixelData == before.PixelData
    assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID


def test_the_same_patient_and_uids_stay_together(pydicom_data: Path) -> None:
    data = planted(pydicom_data / "RG1_UNCR.dcm")
    assert NAMES.dicom(data) == Deidentifier(bytes(range(32))).dicom(data)
    other = Deidentifier(bytes(32))
    first, second = (pydicom.dcmread(io.BytesIO(names.dicom(data))) for names in (NAMES, other))
    assert first.StudyInstanceUID == first.SeriesInstanceUID != second.StudyInstanceUID
    assert first.SOPInstanceUID == first.file_meta.MediaStorageSOPInstanceUID
    assert first.PatientID != second.PatientID


def test_dates_move_by_one_secret_interval() -> None:
    early, late = NAMES.shifted(date(2020, 1, 1)), NAMES.shifted(date(2020, 3, 1))
    assert (late - early).days == 60
    assert 60 <= (date(2020, 1, 1) - early).days <= 731


def test_unreadable_dates_do_not_stop_it(pydicom_data: Path) -> None:
    film = pydicom.dcmread(pydicom_data / "RG1_UNCR.dcm")
    film.StudyDate, film.SeriesDate, film.StudyTime = "", "19000101", ""
    film["ContentDate"]._value = "unknown"
    film["AcquisitionTime"] = pydicom.DataElement("AcquisitionTime", "TM", "", validation_mode=0)
    out = io.BytesIO()
    film.save_as(out)
    header = pydicom.dcmread(io.BytesIO(NAMES.dicom(out.getvalue())))
    assert "ContentDate" not in header
    assert header.SeriesDate < "19000101"


def test_a_file_name_that_tells_the_patient_is_replaced() -> None:
    header = Dataset()
    header.PatientName, header.PatientID = "Ivanova^Maria", "MRN-778899"
    assert NAMES.file_name("ivanova_2024.dcm", header, "S1") == "S1.dcm"
    assert NAMES.file_name("x-mrn778899.dcm", header, "S1") == "S1.dcm"
    assert NAMES.file_name("IM0001.dcm", header, "S1") == "IM0001.dcm"


@pytest.mark.parametrize(
    ("age", "born", "expected"),
    [("058Y", "", 58.0), ("018M", "", 1.5), ("62", "", 62.0), ("", "19400305", 64.0), ("", "", None),
     ("999Y", "", None), ("", "20300101", None)],
)  # fmt: skip
def test_age_from_header(age: str, born: str, expected: float | None) -> None:
    header = Dataset()
    header.PatientBirthDate, header.StudyDate = born, "20040826"
    header["PatientAge"] = pydicom.DataElement("PatientAge", "AS", age, validation_mode=0)
    assert age_years(header) == expected


def test_patients_of_two_hospitals_with_one_number_are_two() -> None:
    one, two = Dataset(), Dataset()
    one.PatientID = two.PatientID = "1"
    one.IssuerOfPatientID = "A"
    assert patient_key(one) != patient_key(two)
    assert patient_key(Dataset()).startswith("study:")
    assert dicom_day("2004.08.26") == date(2004, 8, 26)


def test_secret_is_kept_and_private(tmp_path: Path) -> None:
    first = archive_secret(tmp_path)
    assert first == archive_secret(tmp_path)
    assert len(first) == 32
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


# -- PNG, JPEG, TIFF ----------------------------------------------------------------------------------------


def noted(kind: str, turned: int) -> bytes:
    picture = Image.fromarray((np.arange(128 * 96).reshape(128, 96) % 251).astype(np.uint8))
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x0112] = "Ivanova chest", "Dr. Petrov", turned
    info = PngImagePlugin.PngInfo()
    info.add_text("Patient", "Ivanova")
    out = io.BytesIO()
    more = {"png": {"pnginfo": info}, "jpeg": {"comment": b"Ivanova", "progressive": True, "quality": 95}}
    picture.save(out, kind.upper(), exif=exif, **more.get(kind, {}))
    return out.getvalue()


@pytest.mark.parametrize("turned", [1, 6])
@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff"])
def test_notes_go_and_pixels_stay(kind: str, turned: int) -> None:
    data, settings = noted(kind, turned), load_settings({})
    assert b"Ivanova" in data
    film = load_bytes(data, f"a.{kind}", settings)
    clean = strip_notes(data, kind, film.pixels)
    assert b"Ivanova" not in clean
    assert b"Petrov" not in clean
    assert np.array_equal(load_bytes(clean, f"a.{kind}", settings).pixels, film.pixels)
    assert strip_notes(clean, kind, film.pixels) == clean


def test_wide_grey_keeps_its_bits() -> None:
    pixels = (np.arange(100 * 80).reshape(100, 80) * 7).astype(np.uint16)
    settings = load_settings({})
    for kind in ("png", "tiff"):
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, kind.upper())
        film = load_bytes(out.getvalue(), f"a.{kind}", settings)
        clean = load_bytes(strip_notes(out.getvalue(), kind, film.pixels), f"a.{kind}", settings)
        assert np.array_equal(clean.pixels, film.pixels)
