"""The received objects that a result belongs to: their patient and study, and references to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.config import IGNORE, RAISE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.valuerep import PersonName, validate_value

from prosvet.core.errors import ResultError

__all__ = ["AS_THEY_CAME", "EMPTY_WHEN_UNKNOWN", "Sources", "patient_and_study", "read_sources", "reference"]

_UID = re.compile(r"[0-9.]{1,64}")  # no stricter: a leading zero is a sin of many, and their studies are real
_NEEDED = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")

# Patient, Clinical Trial Subject, General Study and Patient Study modules (PS3.3 C.7.1, C.7.2), as far as a viewer
# or a PACS files an object by them. Type 2 stand first: they are there even when the source has none.
EMPTY_WHEN_UNKNOWN = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
                       "ReferringPhysicianName", "StudyID", "AccessionNumber")  # fmt: skip
_COPIED = (
    *EMPTY_WHEN_UNKNOWN, "StudyInstanceUID", "StudyDescription", "TypeOfPatientID", "PatientBirthTime",
    "EthnicGroup", "QualityControlSubject", "PatientAge", "PatientSize", "PatientWeight",
    "IssuerOfPatientID", "ConsultingPhysicianName",
    "PhysiciansOfRecord", "NameOfPhysiciansReadingStudy", "AdmissionID", "TimezoneOffsetFromUTC",
)  # fmt: skip
# What a study is filed by stays as it came, valid or not: another value would be another patient or order.
AS_THEY_CAME = frozenset(
    {"PatientID", "PatientName", "StudyInstanceUID", "AccessionNumber", "IssuerOfPatientID", "StudyID"}
)


@dataclass(frozen=True)
class Sources:
    """Headers of one study.

    Attributes
    ----------
    all : tuple of Dataset
        In the order given, without pixels.
    film : Dataset
        The one that was read.
    """

    all: tuple[Dataset, ...]
    film: Dataset

    @property
    def study(self) -> str:
        """StudyInstanceUID."""
        return str(self.film.StudyInstanceUID)


def read_sources(given: Sequence[Dataset | Path], film: str | None) -> Sources:
    """Check that `given` are of one study and can be referred to.

    Parameters
    ----------
    film : str or None
        SOPInstanceUID of the object that was read; the first when None.

    Raises
    ------
    ResultError
        When there are none, they are of several studies, a UID is missing, or the film is not among them.
    """
    headers = tuple(one if isinstance(one, Dataset) else _header(one) for one in given)
    if not headers:
        raise ResultError(reason="no_sources")
    for header in headers:
        missing = next((keyword for keyword in _NEEDED if not _UID.fullmatch(str(header.get(keyword) or ""))), None)
        if missing:
            raise ResultError(reason="no_uid", keyword=missing)
    if len({str(header.StudyInstanceUID) for header in headers}) > 1:
        raise ResultError(reason="several_studies")
    chosen = next((header for header in headers if film in (None, str(header.SOPInstanceUID))), None)
    if chosen is None:
        raise ResultError(reason="no_such_film")
    return Sources(headers, chosen)


def reference(source: Dataset) -> Dataset:
    """An item that refers to `source` (SOP Instance Reference Macro)."""
    item = Dataset()
    item.ReferencedSOPClassUID = str(source.SOPClassUID)
    item.ReferencedSOPInstanceUID = str(source.SOPInstanceUID)
    return item


def patient_and_study(source: Dataset) -> Dataset:
    """The patient's and the study's attributes as `source` has them, in characters and not in its encoding.

    An optional value that breaks its own type (a date in words) is left out, so that the result is a valid object
    though the source is not; what the study is filed by stays as it came.
    """
    kept = Dataset()
    for keyword in _COPIED:
        value = _plain(source, keyword)
        if value is not None or keyword in EMPTY_WHEN_UNKNOWN:
            # Not checked: a warning of the library would quote the value, and here values are people.
            kept.add(DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE))
    if source.get("IssuerOfAccessionNumberSequence"):
        kept.IssuerOfAccessionNumberSequence = _plain_items(source.IssuerOfAccessionNumberSequence)
    method = _plain(source, "DeidentificationMethod")
    if source.get("PatientIdentityRemoved") == "YES" and method is not None:  # the first is nothing without the second
        kept.PatientIdentityRemoved, kept.DeidentificationMethod = "YES", method
    return kept


def _plain(source: Dataset, keyword: str) -> object | None:
    """The value of an element, decoded; None when it is absent, empty, or no value of its type."""
    if keyword not in source:
        return None
    element = source[keyword]
    value = element.value
    if value is None or value == "":
        return None
    if isinstance(value, PersonName):
        return str(value)
    several = not isinstance(value, str) and hasattr(value, "__iter__")
    plain: list[str] = [str(one) for one in value] if several else [str(value)]
    if keyword not in AS_THEY_CAME and not all(_valid(element.VR, one) for one in plain):
        return None
    if keyword == "PatientSex" and plain[0] not in ("M", "F", "O"):
        return None
    return plain if several and len(plain) > 1 else plain[0]


def _valid(vr: str, value: str) -> bool:
    try:
        validate_value(vr, value, RAISE)
    except ValueError:
        return False
    return True


def _plain_items(items: Items) -> Items:
    made = Items()
    for item in items:
        copy = Dataset()
        for element in item:
            if not element.tag.is_private and element.VR != "SQ" and element.value:
                setattr(copy, element.keyword, str(element.value))
        made.append(copy)
    return made


def _header(path: Path) -> Dataset:
    return pydicom.dcmread(path, stop_before_pixels=True, force=True)
