"""By what studies are looked for here: read from their first objects, kept while somebody may query us."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from threading import Event, Lock
from typing import Any

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import aliased

from prosvet.hospital.ledger.schema import Catalogued, Exam, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.matching import name_key

__all__ = ["KEYWORDS", "Catalogue"]

log = logging.getLogger(__name__)

KEYWORDS = {
    "patient_id": "PatientID",
    "issuer": "IssuerOfPatientID",
    "patient_name": "PatientName",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
    "accession": "AccessionNumber",
    "study_id": "StudyID",
    "description": "StudyDescription",
    "referring": "ReferringPhysicianName",
}
"""Column to keyword."""

_AT_ONCE = 100
_AGAIN = 30.0  # seconds between two looks of the thread; a query looks by itself


class Catalogue:
    """Keeps the catalogue up with the ledger; safe with threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._lock = ledger, Lock()

    def __call__(self, stop: Event) -> None:
        """Catch up until `stop` is set, so that no query has to wait for what came since the last one."""
        while not stop.is_set():
            self.catch_up(stop=stop)
            stop.wait(_AGAIN)

    def catch_up(self, seconds: float | None = None, *, stop: Event | None = None) -> bool:
        """Take in studies that are not there, the newest first; False where `seconds` were too few for all."""
        until = None if seconds is None else time.monotonic() + seconds
        with self._lock:
            while rows := self._missing():
                entries = [_entry(row, self._ledger) for row in rows]
                named = Exam.study_uid.in_([row.study_uid for row in rows])
                with self._ledger.write() as db:
                    there = set(db.execute(select(Exam.study_uid).where(named)).scalars())  # not erased meanwhile
                    kept = [one for one in entries if one["study_uid"] in there]
                    if kept:
                        db.execute(insert(Catalogued).on_conflict_do_nothing(), kept)
                if (until is not None and time.monotonic() >= until) or (stop is not None and stop.is_set()):
                    return False
        return True

    def clear(self) -> None:
        """Let go of all of it: nobody may query us."""
        with self._ledger.read() as db:
            if db.execute(select(Catalogued.study_uid).limit(1)).first() is None:
                return
        with self._ledger.write() as db:
            db.execute(delete(Catalogued))

    def _missing(self) -> Sequence[Row[str, str]]:
        earliest = aliased(Received)
        first = select(func.min(earliest.number)).where(earliest.study_uid == Exam.study_uid).scalar_subquery()
        query = (
            select(Exam.study_uid, Received.sha256)
            .join(Received, Received.number == first)
            .outerjoin(Catalogued, Catalogued.study_uid == Exam.study_uid)
            .where(Catalogued.study_uid.is_(None))
            .order_by(Exam.first.desc())
            .limit(_AT_ONCE)
        )
        with self._ledger.read() as db:
            return db.execute(query).all()


def _entry(row: Row[str, str], ledger: Ledger) -> dict[str, Any]:
    path, header = ledger.files.path(row.sha256), Dataset()
    try:
        header = pydicom.dcmread(path, specific_tags=list(KEYWORDS.values()), stop_before_pixels=True, force=True)
    except (OSError, InvalidDicomError, EOFError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("a study goes into the catalogue by its UID alone: %s", type(error).__name__)
    values = {column: _words(header, keyword) for column, keyword in KEYWORDS.items()}
    return values | {"study_uid": row.study_uid, "name_key": name_key(values["patient_name"])}


def _words(header: Dataset, keyword: str) -> str:
    try:
        value = header.get(keyword)
    except (ValueError, TypeError, NotImplementedError):  # a value that is none of its type
        return ""
    return "" if value is None else str(value).strip()
