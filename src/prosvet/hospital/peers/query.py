"""What is looked for, and what was found, the same over DICOM and over DICOMweb. All of it is identity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator
from pydicom.dataset import Dataset

from prosvet.core.types import Frozen

__all__ = ["Planned", "StudyMatch", "StudyQuery", "identifier", "match_of", "same_patient", "words"]

_KEYS = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "IssuerOfPatientID", "StudyInstanceUID",
         "StudyDate", "StudyTime", "AccessionNumber", "StudyDescription", "ModalitiesInStudy",
         "NumberOfStudyRelatedInstances")  # fmt: skip


def _exact(value: str) -> str:
    if any(sign in value for sign in "*?\\"):
        raise ValueError("wildcards are not taken here")
    return value.strip()


def _plain(value: str) -> str:
    if "\\" in value or any(ord(sign) < 32 for sign in value):
        raise ValueError("a backslash or a control sign is not taken here")
    return value.strip()


Exact = Annotated[str, Field(max_length=64), AfterValidator(_exact), AfterValidator(_plain)]
Loose = Annotated[str, Field(max_length=64), AfterValidator(_plain)]


class StudyQuery(Frozen):
    """Which studies.

    Attributes
    ----------
    patient_id, accession, study_uid : str
        Exact; empty for any.
    patient_name : str
        As the PACS has it, ``Иванова^*``: wildcards are the PACS's own.
    since, until : date or None
        Of the study, both included.
    modalities : tuple of str
        Any of these.
    """

    patient_id: Exact = ""
    patient_name: Loose = ""
    accession: Exact = ""
    study_uid: Exact = ""
    since: date | None = None
    until: date | None = None
    modalities: tuple[Exact, ...] = Field(default=(), max_length=16)

    @model_validator(mode="after")
    def _not_everything(self) -> StudyQuery:
        named = self.patient_id or self.accession or self.study_uid or self.patient_name.strip("*? ^")
        if not (named or (self.since and self.until)):
            raise ValueError("name a patient, an accession number, a study, or both dates")
        if self.since and self.until and self.since > self.until:
            raise ValueError("since is after until")
        return self

    def days(self) -> str:
        """The range of dates as DICOM writes it; empty for any."""
        if self.since is None and self.until is None:
            return ""
        first, last = (one.strftime("%Y%m%d") if one else "" for one in (self.since, self.until))
        return first if first == last else f"{first}-{last}"


class StudyMatch(Frozen):
    """A study of the peer. Dates and sex as DICOM writes them; empty where the peer does not tell."""

    study_uid: str
    patient_id: str = ""
    patient_name: str = Field(default="", repr=False)
    issuer: str = ""
    birth_date: str = ""
    sex: str = ""
    date: str = ""
    time: str = ""
    accession: str = ""
    description: str = ""
    modalities: tuple[str, ...] = ()
    images: int | None = None


class Planned(Frozen):
    """One planned step. Dates and times as DICOM writes them; empty where the peer does not tell."""

    patient_id: str = ""
    patient_name: str = Field(default="", repr=False)
    birth_date: str = ""
    sex: str = ""
    accession: str = ""
    study_uid: str = ""
    modality: str = ""
    station: str = ""
    date: str = ""
    time: str = ""
    procedure: str = ""


def identifier(query: StudyQuery) -> Dataset:
    """The query as the identifier of a C-FIND at the level of studies."""
    made = Dataset()
    made.QueryRetrieveLevel = "STUDY"
    for keyword in _KEYS:
        setattr(made, keyword, "")
    made.PatientID, made.PatientName, made.AccessionNumber = query.patient_id, query.patient_name, query.accession
    made.StudyInstanceUID, made.StudyDate = query.study_uid, query.days()
    # One modality can be matched by every PACS, several by few of them: those are sifted here.
    made.ModalitiesInStudy = query.modalities[0] if len(query.modalities) == 1 else ""
    if not (query.patient_id + query.patient_name + query.accession).isascii():
        made.SpecificCharacterSet = "ISO_IR 192"
    return made


def match_of(answer: Dataset) -> StudyMatch | None:
    """One answer; None where it names no study."""
    uid = words(answer, "StudyInstanceUID")
    if not uid:
        return None
    count = words(answer, "NumberOfStudyRelatedInstances")
    return StudyMatch(
        study_uid=uid, patient_id=words(answer, "PatientID"), patient_name=words(answer, "PatientName"),
        issuer=words(answer, "IssuerOfPatientID"), birth_date=words(answer, "PatientBirthDate"),
        sex=words(answer, "PatientSex"), date=words(answer, "StudyDate"), time=words(answer, "StudyTime"),
        accession=words(answer, "AccessionNumber"), description=words(answer, "StudyDescription"),
        modalities=tuple(one for one in words(answer, "ModalitiesInStudy").split("\\") if one),
        images=int(count) if count.isdecimal() else None,
    )  # fmt: skip


def same_patient(query: StudyQuery, found: Iterable[StudyMatch]) -> tuple[StudyMatch, ...]:
    """Those of `found` that are what was asked for: some systems leave out a key that they do not know."""
    return tuple(one for one in found if _fits(query, one))


def _fits(query: StudyQuery, one: StudyMatch) -> bool:
    exact = ((query.patient_id, one.patient_id), (query.accession, one.accession), (query.study_uid, one.study_uid))
    if any(asked and asked != told for asked, told in exact):
        return False
    first, last = (day.strftime("%Y%m%d") if day else None for day in (query.since, query.until))
    if one.date and ((first and one.date < first) or (last and one.date > last)):
        return False
    return not (query.modalities and one.modalities and not set(query.modalities) & set(one.modalities))


def words(dataset: Dataset, keyword: str) -> str:
    """A value in characters, several parted by a backslash."""
    value = dataset.get(keyword)
    if value is None:
        return ""
    several = not isinstance(value, str) and isinstance(value, Sequence)
    return "\\".join(str(one).strip() for one in value) if several else str(value).strip()
