"""The one transaction that ends a pass: the exam's state, what became of its objects, its results in the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.hospital.flow.queue import Lease, mine
from prosvet.hospital.flow.signing import verified
from prosvet.hospital.flow.sorting import Sorted
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["SIGNED_BEFORE", "Result", "finish", "finish_sorting"]

SIGNED_BEFORE = "signed_before"
"""Why an exam has no results: a doctor's verified report stands, and what came later waits for an addendum to it."""

_ENDED: dict[str, Any] = {"worker": None, "leased": None, "next_at": None}


@dataclass(frozen=True, slots=True)
class Result:
    """A file that goes to one destination; ``sop_uid`` and ``sop_class`` are None where it is no DICOM object."""

    kind: str
    destination: str
    made_of: str
    sha256: str
    bytes: int
    sop_uid: str | None = None
    sop_class: str | None = None


def finish_sorting(ledger: Ledger, lease: Lease, made: Sorted, audit: AuditLog) -> None:
    """The exam goes on to reading; one without any film is done.

    Raises
    ------
    LeaseLost
    """
    films = sum(fate.image is not None for fate in made.fates)
    audit.write("hospital.sorted", study=made.study or "", films=films, passed_by=len(made.fates) - films,
                priority=made.priority)  # fmt: skip
    with ledger.write() as connection:
        grown = mine(connection, lease) != lease.round
        rows = [
            {"of": one.number, "image": one.image, "reason": one.reason,
             "state": "passed_by" if one.image is None else "read"}
            for one in made.fates
        ]  # fmt: skip
        if rows:
            connection.execute(update(Received).where(Received.number == bindparam("of")), rows)
        read = select(Received.number).where(Received.study_uid == lease.study_uid, Received.state == "read").limit(1)
        state = "arriving" if grown else "ready" if connection.execute(read).first() else "done"
        values = _ENDED | {"state": state, "study": made.study, "priority": made.priority, "attempts": 0, "error": None}
        if state == "done":
            values |= {"finished": now()}
        connection.execute(update(Exam).where(Exam.study_uid == lease.study_uid).values(values))


def finish(
    ledger: Ledger, lease: Lease, results: Sequence[Result], audit: AuditLog, *, note: str | None = None
) -> bool:
    """The exam is done, and its results wait in the outbox; or, when films came meanwhile, it begins anew without them.

    Where a signature was brought to the outbox before (while this was made, even), the results are dropped: a program's
    word never takes the place of a doctor's. The study waits in the worklist for an addition, which goes out verified.

    Parameters
    ----------
    note : str, optional
        Why there are no results (a code): a side view alone, nowhere to send them.

    Raises
    ------
    LeaseLost
        Nothing was changed.
    """
    at = now()
    with ledger.write() as connection:
        grown = mine(connection, lease) != lease.round
        if results and verified(connection, lease.study_uid):
            results, note = (), SIGNED_BEFORE
        audit.write("hospital.read", study=lease.study or "", results=len(results), note=note or "")
        if grown:
            again = _ENDED | {"state": "arriving", "attempts": 0, "error": None}
            connection.execute(update(Exam).where(Exam.study_uid == lease.study_uid).values(again))
            return False
        if results:
            rows = [_row(one, lease) | {"created": at, "next_at": at} for one in results]
            connection.execute(insert(Outgoing).on_conflict_do_nothing(), rows)
        values = _ENDED | {"state": "done", "finished": at, "attempts": 0, "error": {"code": note} if note else None}
        connection.execute(update(Exam).where(Exam.study_uid == lease.study_uid).values(values))
        return True


def _row(one: Result, lease: Lease) -> dict[str, Any]:
    return {
        "study_uid": lease.study_uid, "kind": one.kind, "destination": one.destination, "made_of": one.made_of,
        "sop_uid": one.sop_uid, "sop_class": one.sop_class, "sha256": one.sha256, "bytes": one.bytes,
        "priority": lease.priority, "state": "waiting", "attempts": 0,
    }  # fmt: skip
