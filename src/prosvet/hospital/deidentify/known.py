"""What the input says of a person: values that may stand nowhere in what is written for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import VR

from prosvet.archive.deidentify import dicom_day
from prosvet.hospital.deidentify.options import Options
from prosvet.hospital.deidentify.spans import Span
from prosvet.hospital.deidentify.terms import is_term, known_words

__all__ = ["ENCODINGS", "Known", "forms_of", "known_of"]

ENCODINGS = ("utf-8", "iso8859-5", "cp1251", "koi8-r", "cp866", "utf-16-le", "utf-16-be")
"""How a value may be written in a file; ISO_IR 144 is iso8859-5."""

_WORD = 3  # letters: a shorter part of a name is looked for nowhere
_RAW = 6  # bytes: a shorter value stands by chance in any film
_NUMBERED = {
    "PatientID", "AccessionNumber", "OtherPatientIDs", "StudyID", "IssuerOfPatientID", "AdmissionID",
    "MedicalRecordLocator", "DeviceSerialNumber", "RequestedProcedureID", "ScheduledProcedureStepID",
    "PerformedProcedureStepID", "PatientTelephoneNumbers", "FillerOrderNumberImagingServiceRequest",
    "PlacerOrderNumberImagingServiceRequest", "DetectorID",
}  # fmt: skip
_PLACES = {
    "InstitutionName", "InstitutionAddress", "PatientAddress", "StationName", "InstitutionalDepartmentName",
    "CurrentPatientLocation", "PatientBirthName", "PatientMotherBirthName", "CountryOfResidence", "Occupation",
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """Values of one file's input.

    Attributes
    ----------
    names : frozenset of str
        Parts of people's names, at least three letters each.
    values : frozenset of str
        Numbers and places, whole.
    days : frozenset of date
    uids : frozenset of str
    """

    names: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    days: frozenset[date] = frozenset()
    uids: frozenset[str] = frozenset()
    allowed: frozenset[str] = field(default=frozenset(), repr=False)

    def __or__(self, other: Known) -> Known:
        """What either knows."""
        return Known(
            self.names | other.names, self.values | other.values, self.days | other.days, self.uids | other.uids,
            self.allowed | other.allowed,
        )  # fmt: skip

    def without(self, allowed: Iterable[str]) -> Known:
        """The same, but for strings that the export may hold: its own pseudonyms and moved dates."""
        return Known(self.names, self.values, self.days, self.uids, self.allowed | frozenset(allowed))

    @cached_property
    def strings(self) -> tuple[str, ...]:
        """Everything to look for, dates in all the ways they are written."""
        days = {form for day in self.days for form in forms_of(day)}
        return tuple(sorted((self.names | self.values | days | self.uids) - self.allowed))

    @classmethod
    def union(cls, many: Iterable[Known]) -> Known:
        """What any of `many` knows."""
        every = list(many)
        return cls(
            frozenset().union(*(one.names for one in every)), frozenset().union(*(one.values for one in every)),
            frozenset().union(*(one.days for one in every)), frozenset().union(*(one.uids for one in every)),
            frozenset().union(*(one.allowed for one in every)),
        )  # fmt: skip

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(one.casefold() for one in self.strings if re.fullmatch(r"\w+", one))

    @cached_property
    def _phrases(self) -> re.Pattern[str] | None:
        found = [re.escape(one) for one in sorted(self.strings, key=len, reverse=True) if not re.fullmatch(r"\w+", one)]
        return re.compile(rf"(?<!\w)(?:{'|'.join(found)})(?!\w)", re.IGNORECASE) if found else None

    @cached_property
    def _in_bytes(self) -> re.Pattern[bytes] | None:
        coded: set[bytes] = set()
        for one in self.strings:
            for form in {one, one.upper(), one.lower(), one.title()}:
                coded |= set(_coded(form))
        return _alternatives(code for code in coded if len(code) >= _RAW)

    @cached_property
    def _in_pixels(self) -> re.Pattern[bytes] | None:
        coded = {code for one in self.strings for code in _coded(one) if len(code) >= _RAW + 2}
        return _alternatives(coded)

    def find(self, text: str) -> Iterator[Span]:
        """Where a text says one of the values, as a word of its own, in capitals or not."""
        if self._words:
            for match in re.finditer(r"\w+", text):
                if match.group().casefold() in self._words:
                    yield Span(*match.span(), "known")
        if self._phrases is not None:
            for match in self._phrases.finditer(text):
                yield Span(*match.span(), "known")

    def in_bytes(self, data: bytes, *, pixels: bool = False) -> int:
        """How many of the values' spellings stand in `data`, in any of the encodings.

        Among ``pixels`` only longer ones are looked for: a short one stands there by chance.
        """
        pattern = self._in_pixels if pixels else self._in_bytes
        return 0 if pattern is None else len({match.group() for match in pattern.finditer(data)})


def known_of(header: Dataset, options: Options) -> Known:
    """What a header says that the export may not: names, numbers, places, days and UIDs, in sequences too."""
    kept = {"DeviceSerialNumber", "StationName", "DetectorID"} if options.device else set()
    names: set[str] = set()
    values: set[str] = set()
    days: set[date] = set()
    uids: set[str] = set()
    for element in header.iterall():
        said = [str(one).strip() for one in _many(element.value)] if element.VR not in _BINARY else []
        if element.VR == VR.PN:
            names |= {word for one in said for word in _name_words(one)}
        elif element.VR == VR.DA:
            days |= {day for one in said if (day := dicom_day(one)) is not None}
        elif element.VR == VR.DT:
            days |= {day for one in said if (day := dicom_day(one[:8])) is not None}
        elif element.VR == VR.UI and not options.keep_uids and not element.keyword.endswith("ClassUID"):
            uids |= {one for one in said if one.count(".") > 3 and not one.startswith("1.2.840.10008.")}
        elif element.keyword in (_NUMBERED | _PLACES) - kept:
            values |= {one for one in said if _telling(one)}
    return Known(frozenset(names), frozenset(values), frozenset(days), frozenset(uids))


_BINARY = {VR.OB, VR.OW, VR.OF, VR.OD, VR.OL, VR.OV, VR.SQ, VR.UN, VR.OB_OW}


def _many(value: object) -> list[object]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple | MultiValue) else [value]


def _name_words(name: str) -> list[str]:
    words = re.findall(rf"[^\W\d_]{{{_WORD},}}", name)
    return [word for word in words if _telling(word)]


def _telling(value: str) -> bool:
    """Whether a value can say who somebody is: no defined term, no word said of films, not too short."""
    if len(value) < _WORD or is_term(value) or known_words(value) == value:
        return False
    return value.casefold() not in _NOBODY and not re.fullmatch(r"[0\W_]+|\d{1,3}", value)


_NOBODY = {"anonymous", "anonymized", "anonymised", "unknown", "none", "test", "patient", "noname", "аноним", "нет"}


def forms_of(day: date) -> tuple[str, ...]:
    """The ways in which a day is written."""
    return (day.strftime("%Y%m%d"), day.isoformat(), day.strftime("%d.%m.%Y"), day.strftime("%d/%m/%Y"),
            day.strftime("%Y.%m.%d"), day.strftime("%d-%m-%Y"))  # fmt: skip


def _coded(text: str) -> Iterator[bytes]:
    for encoding in ENCODINGS:
        try:
            yield text.encode(encoding)
        except UnicodeEncodeError:
            continue


def _alternatives(coded: Iterable[bytes]) -> re.Pattern[bytes] | None:
    found = sorted(set(coded), key=len, reverse=True)
    return re.compile(b"|".join(re.escape(code) for code in found)) if found else None
