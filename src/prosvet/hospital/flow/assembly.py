"""The end of a study: nothing tells it, so it is silence for some seconds, or as many films as were to come."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from prosvet.hospital.config import Routing
from prosvet.hospital.ledger.schema import Exam, Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["assemble"]


def assemble(ledger: Ledger, routing: Routing, at: datetime) -> int:
    """Make ready the exams that are whole at the time `at`; returns how many.

    Films that come later open an exam again (``Exam.round`` has grown then), and it is whole by the same rule.
    """
    whole = _whole(routing, at)
    with ledger.read() as connection:
        if connection.execute(select(Exam.study_uid).where(whole).limit(1)).first() is None:
            return 0
    with ledger.write() as connection:
        return connection.execute(update(Exam).where(whole).values(state="ready", worker=None, leased=None)).rowcount


def _whole(routing: Routing, at: datetime) -> ColumnElement[bool]:
    rules: list[ColumnElement[bool]] = [Exam.last <= at - timedelta(seconds=routing.end_of_study_seconds)]
    if routing.end_of_study_count is not None:
        films = select(func.count()).where(Received.study_uid == Exam.study_uid, Received.state != "passed_by")
        rules.append(films.scalar_subquery() >= routing.end_of_study_count)
    return and_(Exam.state == "arriving", or_(*rules))
