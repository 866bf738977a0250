"""Exams that wait for work, one worker to an exam.

A lease lasts a minute and is renewed while its worker lives. What a worker has done counts only if the lease is still
its own when it says so: each lease has a name that no other ever had.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from prosvet.core.clock import now
from prosvet.core.errors import ProsvetError
from prosvet.hospital.ledger.schema import Exam, Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["LEASE", "Lease", "LeaseLost", "Pass", "Queue", "mine", "process_name", "said"]

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
_LONGEST = 1800.0  # seconds that a lease is renewed: a thread that hangs longer has lost its exam
_FAILURES = 5  # of its own before an exam is given up
_DEATHS = 20  # of workers before it is: a kill may have other reasons than the exam
_SLOWEST = 300.0  # seconds between two tries after deaths

Pass = Literal["sort", "work"]
"""The quick pass that takes films in and sets the priority; reading and results."""


class LeaseLost(Exception):
    """Another worker has the exam by now; what this one made is dropped."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An exam that is ours to work on.

    Attributes
    ----------
    name : str
        Of this lease; ``Exam.worker`` while it holds.
    round : int
        Of the exam when it was leased: films that come meanwhile make it grow.
    last : datetime
        When the last film came.
    """

    name: str
    study_uid: str
    study: str | None
    round: int
    priority: int
    attempts: int
    last: datetime
    deadline: datetime


class Queue:
    """The exams of a ledger as the workers of one process see them; safe with threads.

    ``process`` is a name that no other process has or had.
    """

    def __init__(self, ledger: Ledger, process: str | None = None) -> None:
        self._ledger, self._process = ledger, process or process_name()
        self._held: dict[str, float] = {}
        self._lock = Lock()

    def lease(self, kind: Pass) -> Lease | None:
        """The exam to work on next: the highest priority first, then the earliest deadline (the overdue before all)."""
        at = now()
        waiting = _waiting(kind, at)
        order = (Exam.priority.desc(), Exam.deadline, Exam.first)
        with self._ledger.read() as connection:
            if connection.execute(select(Exam.study_uid).where(waiting).limit(1)).first() is None:
                return None
        name = f"{self._process}-{uuid4().hex}"
        with self._ledger.write() as connection:
            row = connection.execute(select(Exam.__table__).where(waiting).order_by(*order).limit(1)).first()
            if row is None:
                return None
            died = int(row.state == "working")  # its lease has run out
            values = {"state": "working", "worker": name, "leased": at + LEASE, "attempts": row.attempts + died}
            connection.execute(update(Exam).where(Exam.study_uid == row.study_uid).values(values))
        with self._lock:
            self._held[name] = time.monotonic()
        return Lease(
            name, row.study_uid, row.study, row.round, row.priority, row.attempts + died, row.last, row.deadline
        )

    def forgotten(self, lease: Lease) -> bool:
        """Whether the exam of `lease` has been erased since."""
        with self._ledger.read() as connection:
            there = connection.execute(select(Exam.study_uid).where(Exam.study_uid == lease.study_uid)).first()
        return there is None

    def let_go(self, lease: Lease) -> None:
        """Renew `lease` no more."""
        with self._lock:
            self._held.pop(lease.name, None)

    def renew(self) -> None:
        """Let the leases that are held last another minute."""
        oldest = time.monotonic() - _LONGEST
        with self._lock:
            names = [name for name, since in self._held.items() if since > oldest]
        if names:
            with self._ledger.write() as connection:
                ours = and_(Exam.worker.in_(names), Exam.state == "working")
                connection.execute(update(Exam).where(ours).values(leased=now() + LEASE))

    def recover(self, process: str | None = None) -> int:
        """Free what the workers of processes that are gone had leased; returns how many exams.

        Without `process` of all: called before the first lease of a node. An exam under which workers die again and
        again waits longer and longer, so that it does not stop the others, and is given up in the end.
        """
        at = now()
        theirs = Exam.state == "working"
        if process is not None:
            theirs = and_(theirs, Exam.worker.startswith(f"{process}-", autoescape=True))
        with self._ledger.write() as connection:
            rows = connection.execute(select(Exam.study_uid, Exam.attempts).where(theirs)).all()
            for row in rows:
                died = row.attempts + 1
                values: dict[str, Any] = {"worker": None, "leased": None, "attempts": died}
                if died >= _DEATHS:
                    values |= {"state": "failed", "finished": at, "error": {"code": "worker_died"}}
                else:
                    wait = min(_SLOWEST, 2.0 ** (died - 1) - 1.0)
                    values |= {"state": "ready", "next_at": at + timedelta(seconds=wait)}
                connection.execute(update(Exam).where(Exam.study_uid == row.study_uid).values(values))
        return len(rows)

    def put_off(self, lease: Lease, error: BaseException, seconds: float) -> None:
        """Not the exam's fault (a full disk, a held database, a missing model): try again in `seconds`."""
        values = {"state": "ready", "next_at": now() + timedelta(seconds=seconds), "error": said(error)}
        self._end(lease, values)

    def fail(self, lease: Lease, error: BaseException) -> None:
        """The exam's own fault: try again a few times, then give it up for a person to see."""
        at, failures = now(), lease.attempts + 1
        values: dict[str, Any] = {"attempts": failures, "error": said(error)}
        if failures >= _FAILURES:
            values |= {"state": "failed", "finished": at}
        else:
            values |= {"state": "ready", "next_at": at + timedelta(seconds=5.0 * 4.0 ** (failures - 1))}
        self._end(lease, values)

    def _end(self, lease: Lease, values: dict[str, Any]) -> None:
        with self._ledger.write() as connection:
            grown = mine(connection, lease) != lease.round
            if grown:  # films came meanwhile: it begins anew, with them
                values = {"state": "arriving", "attempts": 0, "next_at": None, "error": None}
            ended = values | {"worker": None, "leased": None}
            connection.execute(update(Exam).where(Exam.study_uid == lease.study_uid).values(ended))


def process_name() -> str:
    """A name for a process that leases exams."""
    return f"{os.getpid()}-{uuid4().hex[:8]}"


def mine(connection: Connection, lease: Lease) -> int:
    """The exam's round by now, if `lease` still holds.

    Raises
    ------
    LeaseLost
    """
    ours = and_(Exam.study_uid == lease.study_uid, Exam.worker == lease.name, Exam.state == "working")
    found = connection.execute(select(Exam.round).where(ours)).scalar_one_or_none()
    if found is None:
        raise LeaseLost
    return found


def said(error: BaseException) -> dict[str, Any]:
    """An error as the ledger keeps it: code and words, nothing of the patient."""
    if isinstance(error, ProsvetError):
        return {"code": error.code, "ru": error.message("ru"), "en": error.message("en")}
    return {"code": "internal_error", "type": type(error).__name__}


def _waiting(kind: Pass, at: datetime) -> ColumnElement[bool]:
    due = and_(Exam.state == "ready", or_(Exam.next_at.is_(None), Exam.next_at <= at))
    over = and_(Exam.state == "working", Exam.leased < at)
    unsorted = select(Received.number).where(Received.study_uid == Exam.study_uid, Received.state == "kept").exists()
    return and_(or_(due, over), unsorted if kind == "sort" else ~unsorted)
