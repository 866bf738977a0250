"""What was signed in the archive and is not in the outbox yet.

Nothing tells the node of a signature, and nothing has to: what is signed and what was brought to the outbox are both
written down, and this is the difference. So a crash at any moment loses no signature and doubles none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from prosvet.archive.schema_work import Protocol
from prosvet.archive.store import Store
from prosvet.hospital.ledger.schema import Exam, SignedOff
from prosvet.hospital.ledger.store import Ledger

__all__ = ["Signature", "Watch", "verified"]

_SLACK = timedelta(minutes=10)  # a signature's own time is older than its commit by as long as a writer waits
_PART = 500
_OVER = ("done", "failed")
_EXAMS = select(Exam.study_uid, Exam.study, Exam.first, Exam.state, Exam.priority)


@dataclass(frozen=True, slots=True)
class Signature:
    """The last signature on a study that has an exam. ``at`` is UTC without a zone, as everywhere in a database."""

    study_uid: str
    study: str
    digest: str
    number: int
    at: datetime
    priority: int


def verified(connection: Connection, study_uid: str) -> bool:
    """Whether a signature on the exam has been brought to the outbox: nothing unverified may follow it there."""
    query = select(SignedOff.digest).where(SignedOff.study_uid == study_uid).limit(1)
    return connection.execute(query).first() is not None


class Watch:
    """Looks for signatures; once through all of them, then through those of the last minutes when something changed."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store, self._ledger = store, ledger
        self._since: datetime | None = None
        self._version = -1

    def due(self, *, whole: bool = False) -> list[Signature]:
        """Signatures whose results are not in the outbox, the earliest first; `whole`: look through all of them."""
        version = self._store.version()
        if version == self._version and not whole:
            return []
        signed = self._signed(None if whole else self._since)
        due, later = self._unsent(signed)
        if signed and not later:
            self._since = max(one.at for one in signed.values()) - _SLACK
        self._version = -1 if due or later else version  # what could not be brought is due again
        return due

    def _signed(self, since: datetime | None) -> dict[str, Signature]:
        """The last signature of each study, by the study's pseudonym."""
        columns = Protocol.study_id, Protocol.sha256, Protocol.number, Protocol.signed
        query = select(*columns).where(Protocol.state == "signed").order_by(Protocol.study_id, Protocol.number)
        if since is not None:
            query = query.where(Protocol.signed >= since)
        with self._store.read() as db:
            rows = db.execute(query).all()
        return {
            row.study_id: Signature("", row.study_id, row.sha256 or "", row.number, row.signed, 0)
            for row in rows
            if row.signed is not None
        }

    def _unsent(self, signed: dict[str, Signature]) -> tuple[list[Signature], int]:
        """Those that are due, and how many have to wait until the program's own results stand before them.

        What was signed before the exam came is no news to the hospital.
        """
        due: list[Signature] = []
        later = 0
        with self._ledger.read() as db:
            for part in _parts(signed):
                for row in db.execute(_EXAMS.where(Exam.study.in_(part))):
                    one = signed[row.study]
                    if one.at < row.first.replace(microsecond=0) or _brought(db, row.study_uid, one.digest):
                        continue
                    if row.state not in _OVER:
                        later += 1
                        continue
                    due.append(Signature(row.study_uid, one.study, one.digest, one.number, one.at, row.priority))
        return sorted(due, key=lambda one: one.at), later


def _brought(db: Connection, study_uid: str, digest: str) -> bool:
    query = select(SignedOff.digest).where(SignedOff.study_uid == study_uid, SignedOff.digest == digest)
    return db.execute(query).first() is not None


def _parts(names: Iterable[str]) -> Iterable[Sequence[str]]:
    listed = sorted(names)
    return (listed[start : start + _PART] for start in range(0, len(listed), _PART))
