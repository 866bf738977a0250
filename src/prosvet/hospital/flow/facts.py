"""How the flow stands: numbers alone, for ``/metrics``, the page and whoever watches."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.types import Frozen, Moment
from prosvet.hospital.ledger.schema import EXAM_STATES, OUTGOING_STATES, Exam, Outgoing
from prosvet.hospital.ledger.store import Ledger

__all__ = ["FlowFacts", "facts", "facts_of", "overdue"]


class FlowFacts(Frozen):
    """Counts of exams and results by state; no study and no patient.

    Attributes
    ----------
    oldest_exam_seconds, oldest_result_seconds : float
        How long the one that has waited longest has: an exam since its first object, a result since it was made.
    overdue : int
        Exams past their deadline that are not read, or whose results have not arrived.
    """

    at: Moment
    exams: dict[str, int] = Field(default_factory=dict)
    results: dict[str, int] = Field(default_factory=dict)
    oldest_exam_seconds: float = 0.0
    oldest_result_seconds: float = 0.0
    overdue: int = 0

    @property
    def dead(self) -> int:
        """Dead letters."""
        return self.results.get("dead", 0)

    @property
    def failed(self) -> int:
        """Exams that were given up."""
        return self.exams.get("failed", 0)


def facts(context: Context) -> FlowFacts | None:
    """How the flow of the context's home stands; None where no node has run."""
    if not (context.settings.home / "hospital" / "ledger.db").exists():
        return None
    with context.get(Ledger).read() as connection:
        return facts_of(connection, now())


def facts_of(connection: Connection, at: datetime) -> FlowFacts:
    """The same, of one look at the ledger."""
    exams = _counts(connection, Exam.state)
    results = _counts(connection, Outgoing.state)
    open_ = Exam.state.in_(("arriving", "ready", "working"))
    first = connection.execute(select(func.min(Exam.first)).where(open_)).scalar()
    made = connection.execute(select(func.min(Outgoing.created)).where(Outgoing.state == "waiting")).scalar()
    return FlowFacts(
        at=at,
        exams={state: exams.get(state, 0) for state in EXAM_STATES},
        results={state: results.get(state, 0) for state in OUTGOING_STATES},
        oldest_exam_seconds=_age(first, at),
        oldest_result_seconds=_age(made, at),
        overdue=connection.execute(select(func.count()).select_from(Exam).where(overdue(at))).scalar() or 0,
    )


def overdue(at: datetime) -> ColumnElement[bool]:
    """Exams whose deadline has passed before they were done, or before their results arrived."""
    waits = select(Outgoing.id).where(Outgoing.study_uid == Exam.study_uid, Outgoing.state == "waiting").exists()
    return and_(Exam.deadline < at, or_(Exam.state != "done", waits))


def _counts(connection: Connection, state: InstrumentedAttribute[str]) -> dict[str, int]:
    rows = connection.execute(select(state, func.count()).group_by(state)).all()
    return {row[0]: row[1] for row in rows}


def _age(since: datetime | None, at: datetime) -> float:
    return max(0.0, (at - since).total_seconds()) if since is not None else 0.0
