"""The capability retention: what has been kept long enough goes, as ``[retention]`` of ``hospital.toml`` says.

Nothing goes of an exam that is still worked on, or that has a result which has not arrived: one that waits, and one
that was given up, which a person must see first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from pydantic import Field
from sqlalchemy import ColumnElement, delete, exists, false, func, or_, select, update

from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden
from prosvet.core.types import Frozen
from prosvet.hospital.config import load_config
from prosvet.hospital.ledger.schema import Exam, Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.operations.erasure import unnamed

__all__ = ["RetentionRequest", "RetentionResult", "run"]

_OVER = ("done", "failed")
_UNDERWAY = ("waiting", "dead")
_YOUNG = 3600.0  # seconds: such a file may have just come, and its row be about to
_AT_ONCE = 500


class RetentionRequest(Frozen):
    """Whether to do it, or to say what would be done."""

    dry_run: bool = Field(default=False, description="Say what would go; change nothing.")


class RetentionResult(Frozen):
    """What went, or would go.

    Attributes
    ----------
    objects, results, exams : int
        Received objects; results whose file went (the row stays, so that it is known as ours if it comes back);
        exams of which nothing stays.
    bytes : int
        Of the objects and results.
    held : int
        Exams old enough for something to go, kept for a result that has not arrived.
    """

    dry_run: bool
    objects_days: int | None
    results_days: int | None
    exams_days: int | None
    objects: int
    results: int
    exams: int
    bytes: int
    held: int


def run(request: RetentionRequest, context: Context) -> RetentionResult:
    """Let go of what is old enough; audited.

    Raises
    ------
    Forbidden, InvalidSettings, AlreadyRunning
    """
    if not context.actor.may("admin"):
        raise Forbidden(role="admin")
    days, ledger = load_config(context).retention, context.get(Ledger)
    at = now()
    objects, results, exams = (_before(at, one) for one in (days.objects_days, days.results_days, days.exams_days))
    counted = _count(ledger, objects, results, exams)
    if not request.dry_run:
        _let_go(ledger, objects, results, exams)
        facts = {name: counted[name] for name in ("objects", "results", "exams")}
        AuditLog.from_context(context).write("retention", **facts)
    return RetentionResult(
        dry_run=request.dry_run, objects_days=days.objects_days, results_days=days.results_days,
        exams_days=days.exams_days, **counted,
    )  # fmt: skip


def _before(at: datetime, days: int | None) -> datetime | None:
    return None if days is None else at - timedelta(days=days)


def _underway() -> ColumnElement[bool]:
    return exists().where(Outgoing.study_uid == Exam.study_uid, Outgoing.state.in_(_UNDERWAY))


def _over(before: datetime) -> ColumnElement[bool]:
    return Exam.state.in_(_OVER) & (func.coalesce(Exam.finished, Exam.last) < before)


def _free(*befores: datetime | None) -> ColumnElement[bool]:
    """Exams of which something may go: over before one of `befores`; None is for what is kept for ever."""
    return or_(false(), *(_over(one) & ~_underway() for one in befores if one is not None))


def _objects(before: datetime | None, exams: datetime | None) -> ColumnElement[bool]:
    return Received.study_uid.in_(select(Exam.study_uid).where(_free(before, exams)))


def _results(before: datetime | None, exams: datetime | None) -> ColumnElement[bool]:
    return Outgoing.study_uid.in_(select(Exam.study_uid).where(_free(before, exams))) & (Outgoing.bytes > 0)


def _count(
    ledger: Ledger, objects: datetime | None, results: datetime | None, exams: datetime | None
) -> dict[str, int]:
    earliest = max((one for one in (objects, results, exams) if one is not None), default=None)
    with ledger.read() as db:
        came, came_bytes = db.execute(
            select(func.count(), func.coalesce(func.sum(Received.bytes), 0)).where(_objects(objects, exams))
        ).one()
        made, made_bytes = db.execute(
            select(func.count(), func.coalesce(func.sum(Outgoing.bytes), 0)).where(_results(results, exams))
        ).one()
        whole = select(func.count()).select_from(Exam).where(_free(exams))
        held = 0
        if earliest is not None:
            held = db.execute(select(func.count()).select_from(Exam).where(_over(earliest), _underway())).scalar_one()
        return {"objects": came, "results": made, "exams": db.execute(whole).scalar_one(),
                "bytes": came_bytes + made_bytes, "held": held}  # fmt: skip


def _let_go(ledger: Ledger, objects: datetime | None, results: datetime | None, exams: datetime | None) -> None:
    with ledger.write() as db:
        old, made = _objects(objects, exams), _results(results, exams)
        names = set(db.execute(select(Received.sha256).where(old)).scalars())
        names |= set(db.execute(select(Outgoing.sha256).where(made)).scalars())
        db.execute(delete(Received).where(old))
        db.execute(update(Outgoing).where(made).values(bytes=0))
        db.execute(delete(Exam).where(_free(exams)))  # its rows go with it
    for part in _parts(sorted(names)):
        # The rows are gone first: a kill in between leaves files that no row names, and the node sweeps those.
        with ledger.write() as db:
            free = unnamed(db, part)
            kept = db.execute(select(Outgoing.sha256).where(Outgoing.sha256.in_(part), Outgoing.bytes == 0)).scalars()
            free |= set(kept) - set(
                db.execute(select(Outgoing.sha256).where(Outgoing.sha256.in_(part), Outgoing.bytes > 0)).scalars()
            ) - set(db.execute(select(Received.sha256).where(Received.sha256.in_(part))).scalars())  # fmt: skip
            ledger.files.remove(name for name in free if _settled(ledger, name))


def _settled(ledger: Ledger, name: str) -> bool:
    path = ledger.files.path(name)
    return path.exists() and path.stat().st_mtime < time.time() - _YOUNG


def _parts(names: list[str]) -> Iterable[list[str]]:
    return (names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE))
