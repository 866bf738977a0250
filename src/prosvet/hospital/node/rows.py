"""What the ledger says after objects have come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.node.identify import Identity
from prosvet.hospital.node.spool import Spooled

__all__ = ["Arrival", "Known", "enter", "known", "ours"]

_SETTLED = ("ready", "done", "failed")  # exams that were whole: a film that comes late opens them again


@dataclass(frozen=True, slots=True)
class Arrival:
    """An object that has come whole.

    Attributes
    ----------
    patient, study : str
        Pseudonyms of the archive.
    passed_by : str or None
        Why it will not be read.
    """

    identity: Identity
    spooled: Spooled
    transfer_syntax: str
    sender: str
    patient: str
    study: str
    passed_by: str | None


@dataclass(frozen=True, slots=True)
class Known:
    """An object of the ledger."""

    sha256: str
    transfer_syntax: str


def known(connection: Connection, uids: Iterable[str]) -> dict[str, Known]:
    """Those of `uids` that were received before."""
    columns = select(Received.sop_uid, Received.sha256, Received.transfer_syntax)
    rows = connection.execute(columns.where(Received.sop_uid.in_(list(uids))))
    return {uid: Known(name, syntax) for uid, name, syntax in rows}


def ours(connection: Connection, uids: Iterable[str]) -> set[str]:
    """Those of `uids` that are results of our own, come back: they must not be read as films."""
    rows = connection.execute(select(Outgoing.sop_uid).where(Outgoing.sop_uid.in_(list(uids))))
    return {uid for (uid,) in rows if uid is not None}


def enter(connection: Connection, arrivals: Sequence[Arrival], now: datetime, deadline: timedelta) -> None:
    """Write down `arrivals`, none of which is known, and what they mean for their exams."""
    own = ours(connection, [one.identity.sop_uid for one in arrivals])
    rows = [_row(one, now, own) for one in arrivals]
    by_exam: dict[str, list[int]] = {}
    for number, one in enumerate(arrivals):
        by_exam.setdefault(one.identity.study_uid, []).append(number)
    found = connection.execute(select(Exam.study_uid, Exam.state).where(Exam.study_uid.in_(list(by_exam)))).all()
    states = {uid: state for uid, state in found}
    new = [uid for uid in by_exam if uid not in states]
    if new:
        made = [_exam(uid, arrivals[by_exam[uid][0]].patient, len(by_exam[uid]), now, now + deadline) for uid in new]
        connection.execute(insert(Exam), made)
    for uid, state in states.items():
        films = any(rows[number]["state"] == "kept" for number in by_exam[uid])
        _grow(connection, uid, state if films else None, len(by_exam[uid]), now, now + deadline)
    connection.execute(insert(Received), rows)


def _row(one: Arrival, now: datetime, own: set[str]) -> dict[str, object]:
    reason = "own_result" if one.identity.sop_uid in own else one.passed_by
    return {
        "sop_uid": one.identity.sop_uid,
        "study_uid": one.identity.study_uid,
        "series_uid": one.identity.series_uid,
        "sop_class": one.identity.sop_class,
        "transfer_syntax": one.transfer_syntax,
        "modality": one.identity.modality,
        "sha256": one.spooled.sha256,
        "bytes": one.spooled.size,
        "sender": one.sender,
        "at": now,
        "state": "kept" if reason is None else "passed_by",
        "reason": reason,
    }


def _exam(uid: str, patient: str, objects: int, now: datetime, deadline: datetime) -> dict[str, object]:
    return {
        "study_uid": uid,
        "patient": patient,
        "state": "arriving",
        "priority": 0,
        "first": now,
        "last": now,
        "deadline": deadline,
        "objects": objects,
        "round": 0,
        "attempts": 0,
    }


def _grow(connection: Connection, uid: str, state: str | None, objects: int, now: datetime, deadline: datetime) -> None:
    """More objects of a known exam; `state` is its own when films are among them, else None.

    A film that comes after the exam was read begins a round. One that comes while it is read does so too: the worker
    keeps its lease, and finds on finishing that the round has grown under it.
    """
    values: dict[str, object] = {"objects": Exam.objects + objects}
    if state is not None:
        values["last"] = now
    if state in _SETTLED:
        values |= {"state": "arriving"}
    if state in ("done", "failed"):
        values |= {"finished": None, "deadline": deadline, "attempts": 0, "next_at": None, "error": None}
    if state in ("working", "done", "failed"):
        values["round"] = Exam.round + 1
    connection.execute(update(Exam).where(Exam.study_uid == uid).values(**values))
