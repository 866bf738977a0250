"""The two roots that are asked from (PS3.4, C.6): which levels each has, and what a query of a level has to name."""

from __future__ import annotations

from typing import Literal

from pydicom.dataset import Dataset
from sqlalchemy import select

from prosvet.hospital.ledger.schema import Catalogued
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.classes import PATIENT_FIND, PATIENT_GET, PATIENT_MOVE
from prosvet.hospital.node.matching import values_of

__all__ = ["NotAnIdentifier", "Root", "level_of", "named_uids", "of_patient", "root_of"]

Root = Literal["study", "patient"]

_ABOVE: dict[str, tuple[str, ...]] = {
    "STUDY": (),
    "SERIES": ("StudyInstanceUID",),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID"),
}
_MOST_VALUES, _MOST_STARS = 1000, 4  # what one query may cost: matching takes longer with every star


class NotAnIdentifier(ValueError):
    """What is asked for is no query of its root: no level, a key above it is missing, or it asks too much."""


def root_of(sop_class: str) -> Root:
    """The root of a class of queries."""
    return "patient" if sop_class in (PATIENT_FIND, PATIENT_MOVE, PATIENT_GET) else "study"


def level_of(asked: Dataset, root: Root = "study") -> str:
    """The level of a query; of the patient root, everything below a patient names one patient's number.

    Raises
    ------
    NotAnIdentifier
    """
    level = str(asked.get("QueryRetrieveLevel") or "").strip()
    if root == "patient" and level == "PATIENT":
        above: tuple[str, ...] = ()
    elif level in _ABOVE:
        above = _ABOVE[level]
        if root == "patient":
            _number(asked)
    else:
        raise NotAnIdentifier(level)
    if not all(values_of(asked, one) for one in above):
        raise NotAnIdentifier(level)
    for element in asked:
        values = values_of(asked, element.keyword) if element.keyword and element.VR != "SQ" else ()
        if len(values) > _MOST_VALUES or any(one.count("*") > _MOST_STARS for one in values):
            raise NotAnIdentifier(level)
    return level


def named_uids(asked: Dataset, keyword: str) -> frozenset[str]:
    """The UIDs that a query names."""
    return frozenset(values_of(asked, keyword))


def of_patient(ledger: Ledger, asked: Dataset) -> frozenset[str]:
    """The studies of the patient that a query names, by number and, where it says so, by who gave the number.

    Raises
    ------
    NotAnIdentifier
        When several have that number and the query means all that is there of one: two people are never given as one.
    """
    number, issuers = _number(asked), values_of(asked, "IssuerOfPatientID")
    query = select(Catalogued.study_uid, Catalogued.issuer).where(Catalogued.patient_id == number)
    with ledger.read() as db:
        rows = [row for row in db.execute(query) if not issuers or row.issuer in issuers]
    if len({row.issuer for row in rows}) > 1 and str(asked.get("QueryRetrieveLevel")).strip() == "PATIENT":
        raise NotAnIdentifier("several patients have that number")
    return frozenset(row.study_uid for row in rows)


def _number(asked: Dataset) -> str:
    numbers = values_of(asked, "PatientID")
    if len(numbers) != 1 or set(numbers[0]) & set("*?"):
        raise NotAnIdentifier("PatientID")
    return numbers[0]
