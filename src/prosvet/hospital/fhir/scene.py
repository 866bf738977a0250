"""What every resource of one bundle has alike: whose it is, when, who said it, and the ids that follow from that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from prosvet import __version__
from prosvet.core.i18n import text
from prosvet.hospital.objects.identity import SCHEME_UID, device_uid, uid
from prosvet.hospital.objects.results import Results
from prosvet.hospital.objects.sources import Sources

__all__ = ["Resource", "Scene", "Version", "concept", "day_of", "moment", "oid", "value_of"]

Version = Literal["R4", "R5"]
Resource = dict[str, Any]

_SYSTEMS = {
    "SCT": "http://snomed.info/sct",
    "LN": "http://loinc.org",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "UCUM": "http://unitsofmeasure.org",
    "99PROSVET": f"urn:oid:{SCHEME_UID}",
}


@dataclass(frozen=True)
class Scene:
    """One bundle in the making.

    Attributes
    ----------
    at : datetime
        When it was read or signed, with its zone.
    """

    sources: Sources
    results: Results
    at: datetime
    version: Version

    @property
    def basis(self) -> str:
        """Whose word it is: the program's and a doctor's are resources apart, and neither replaces the other."""
        return "signed" if self.results.signed else "program"

    @property
    def device(self) -> tuple[str, str]:
        """Name and revision of what wrote it."""
        model = self.results.model
        return (model.name, model.revision) if model else ("prosvet", __version__)

    def id(self, *part: str) -> str:
        """The id of a resource of this study."""
        return _uuid(uid("fhir", self.sources.study, *part))

    @property
    def device_id(self) -> str:
        """The id of the algorithm: one for each revision, everywhere."""
        return _uuid(device_uid(*self.device))

    def say(self, key: str) -> str:
        """A string of the results' own locale, in their language."""
        return text(f"objects.{key}", self.results.lang)

    def subject(self) -> Resource:
        """The patient, by number: the receiver knows who that is."""
        film = self.sources.film
        made: Resource = {"type": "Patient"}
        if number := value_of(film, "PatientID"):
            made["identifier"] = {"type": _typed("MR"), "value": number}
            if issuer := value_of(film, "IssuerOfPatientID"):
                made["identifier"]["assigner"] = {"display": issuer}
        name = " ".join(part for part in value_of(film, "PatientName").partition("=")[0].split("^") if part)
        made["display"] = name or text("fhir.nobody", self.results.lang)
        return made

    def order(self) -> list[Resource]:
        """What was ordered, by its accession number; empty without one."""
        number = value_of(self.sources.film, "AccessionNumber")
        return [{"type": "ServiceRequest", "identifier": {"type": _typed("ACSN"), "value": number}}] if number else []

    def signer(self) -> Resource | None:
        """Who answers for it."""
        signed = self.results.signed
        if signed is None:
            return None
        name = " ".join(signed.name.replace("^", " ").split())
        return {"type": "Practitioner", "display": f"{name}, {signed.organisation}" if signed.organisation else name}


def concept(code: Code, words: str | None = None) -> Resource:
    """A coded concept in the words of the results."""
    system = _SYSTEMS[code.scheme_designator]
    return {
        "coding": [{"system": system, "code": code.value, "display": code.meaning}],
        "text": words or code.meaning,
    }


def oid(number: str) -> str:
    """A UID as FHIR wants it.

    Examples
    --------
    >>> oid("1.2.840")
    'urn:oid:1.2.840'
    """
    return f"urn:oid:{number}"


def moment(at: datetime) -> str:
    """An instant: to the second, with its zone."""
    return (at if at.tzinfo else at.astimezone()).isoformat(timespec="seconds")


def day_of(film: Dataset) -> str | None:
    """When the study was made: with its time only where the header tells the zone; None where it tells no date."""
    day, time = value_of(film, "StudyDate"), value_of(film, "StudyTime")
    zone = re.fullmatch(r"([+-]\d\d)(\d\d)", value_of(film, "TimezoneOffsetFromUTC"))
    try:
        date = datetime.strptime(day, "%Y%m%d").date().isoformat()
    except ValueError:
        return None
    if zone is None or not re.fullmatch(r"([01]\d|2[0-3])([0-5]\d){2}(\.\d+)?", time):
        return date
    return f"{date}T{time[:2]}:{time[2:4]}:{time[4:6]}{zone[1]}:{zone[2]}"


def value_of(film: Dataset, keyword: str) -> str:
    """A value of the header in characters, empty where there is none."""
    return str(film.get(keyword) or "").strip()


def _typed(code: str) -> Resource:
    return {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": code}]}


def _uuid(number: str) -> str:
    return str(UUID(int=int(number.removeprefix("2.25."))))
