"""Exams and results as a person sees them: the archive's pseudonym, never who it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.context import Context
from prosvet.core.i18n import Lang, catalogue
from prosvet.core.types import Frozen, Moment
from prosvet.hospital.flow.facts import overdue
from prosvet.hospital.ledger.schema import Exam, Outgoing

__all__ = ["ExamView", "ResultView", "exams", "handle_of", "results"]

_PART = 500


class ExamView(Frozen):
    """An exam that is not done, or whose results are late.

    Attributes
    ----------
    id : str
        Names it here: the study's pseudonym, or while it has none a hash.
    study : str or None
        The study in the archive; None before its films are there, and for whoever may not see it.
    state : str
        arriving, ready, working, done or failed; ``sorted`` tells whether the quick pass is over.
    reason : str
        Why it failed or waits, in the reader's language; empty where all is well.
    """

    id: str
    study: str | None
    state: str
    sorted: bool
    priority: int
    objects: int
    first: Moment
    deadline: Moment
    overdue: bool
    attempts: int
    reason: str = ""


class ResultView(Frozen):
    """A result on its way."""

    id: int
    study: str | None
    kind: str
    destination: str
    state: str
    priority: int
    attempts: int
    created: Moment
    sent: Moment | None
    next_at: Moment | None
    overdue: bool
    reason: str = ""


def handle_of(study_uid: str) -> str:
    """What an exam is called that has no pseudonym yet."""
    return "E" + hashlib.sha256(study_uid.encode()).hexdigest()[:12].upper()


def exams(connection: Connection, at: datetime, limit: int, context: Context) -> tuple[ExamView, ...]:
    """Exams that are not done, and those that are overdue: failed first, then in the order of work."""
    late = overdue(at)
    order = (case((Exam.state == "failed", 0), (Exam.state == "working", 1), else_=2), Exam.priority.desc(),
             Exam.deadline)  # fmt: skip
    query = select(Exam.__table__, late.label("late")).where(or_(Exam.state != "done", late)).order_by(*order)
    rows = connection.execute(query.limit(limit)).all()
    seen = _seen((row.study for row in rows), context)
    return tuple(
        ExamView(
            id=row.study or handle_of(row.study_uid), study=row.study if row.study in seen else None, state=row.state,
            sorted=row.study is not None, priority=row.priority, objects=row.objects, first=row.first,
            deadline=row.deadline, overdue=bool(row.late), attempts=row.attempts, reason=_why(row.error, context.lang),
        )
        for row in rows
    )  # fmt: skip


def results(
    connection: Connection, at: datetime, states: Sequence[str], destination: str | None, limit: int, context: Context
) -> tuple[tuple[ResultView, ...], int]:
    """Results in `states`, dead letters first, then in the order they go; and how many there are in all."""
    wanted: list[ColumnElement[bool]] = [Outgoing.state.in_(states)]
    if destination is not None:
        wanted.append(Outgoing.destination == destination)
    total = connection.execute(select(func.count()).select_from(Outgoing).where(*wanted)).scalar() or 0
    order = (case((Outgoing.state == "dead", 0), (Outgoing.state == "waiting", 1), else_=2), Outgoing.priority.desc())
    newest = case((Outgoing.state.in_(("sent", "confirmed")), -Outgoing.id), else_=Outgoing.id)
    query = select(Outgoing.__table__, Exam.study, Exam.deadline).join(Exam, Exam.study_uid == Outgoing.study_uid)
    rows = connection.execute(query.where(*wanted).order_by(*order, newest).limit(limit)).all()
    seen = _seen((row.study for row in rows), context)
    return tuple(_result(row, seen, at, context.lang) for row in rows), total


def _result(row: Any, seen: set[str], at: datetime, lang: Lang) -> ResultView:
    waits = row.state == "waiting"
    return ResultView(
        id=row.id, study=row.study if row.study in seen else None, kind=row.kind, destination=row.destination,
        state=row.state, priority=row.priority, attempts=row.attempts, created=row.created, sent=row.sent,
        next_at=row.next_at if waits else None, overdue=waits and row.deadline < at,
        reason=_why(row.error, lang),
    )  # fmt: skip


def _seen(studies: Iterable[str | None], context: Context) -> set[str]:
    """Those of `studies` that the archive has and the actor may see."""
    named = sorted({study for study in studies if study})
    found: set[str] = set()
    with context.get(Store).read() as db:
        for start in range(0, len(named), _PART):
            query = select(Study.id).where(Study.id.in_(named[start : start + _PART]), visible(context.actor))
            found |= set(db.execute(query).scalars())
    return found


def _why(error: dict[str, Any] | None, lang: Lang) -> str:
    """An error of the ledger in words."""
    if not error:
        return ""
    spoken = str(error.get(lang) or catalogue(lang).get(f"flow.reasons.{error['code']}", error["code"]))
    status = error.get("status")
    return f"{spoken} ({status})" if status else spoken
