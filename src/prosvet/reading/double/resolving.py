"""A third reader decides every difference, with a comment; what is decided is not changed any more."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from sqlalchemy import insert, select, update

from prosvet.archive.schema_work import DoubleReading, Opinion
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import DoubleReadingError, Forbidden
from prosvet.reading.double.desk import reading_row
from prosvet.reading.double.differences import Comparison, compare
from prosvet.reading.double.form import OpinionFinding, Opinions, from_row, known, to_row
from prosvet.reading.double.status import set_status, settled

__all__ = ["Decision", "resolve"]


class Decision(OpinionFinding):
    """What a difference comes to, and why."""

    comment: str = Field(min_length=1, max_length=500)


def resolve(study: str, decisions: Mapping[str, Decision], comment: str, context: Context) -> None:
    """Resolve a disagreement.

    Raises
    ------
    Forbidden
        For whoever is not a senior.
    NotFound, UnknownName
    DoubleReadingError
        When there is no disagreement, this person is one of the two, or a difference has no decision.
    """
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    known(decisions)
    store, me = context.get(Store), context.actor.name
    ensure_visible(store, study, context.actor)
    with store.note() as db:
        row = reading_row(db, study)
        query = select(Opinion.part, Opinion.reader, Opinion.findings).where(Opinion.study_id == study)
        opinions = {part: (reader, from_row(findings)) for part, reader, findings in db.execute(query)}
        if me in {reader for reader, _ in opinions.values()}:
            raise DoubleReadingError(study=study, reason="one_of_the_two")
        if row.state != "disagreement":
            raise DoubleReadingError(study=study, reason="no_disagreement")
        whole = _whole(study, compare(opinions["first"][1], opinions["second"][1]), decisions)
        at = now()
        made = {"part": "resolution", "reader": me, "point": None, "findings": to_row(whole), "comment": comment}
        db.execute(insert(Opinion).values(study_id=study, begun=at, signed=at, **made))
        db.execute(update(DoubleReading).where(DoubleReading.study_id == study).values(state="done", finished=at))
        set_status(db, study, settled(db, study), at)
        AuditLog.from_context(context).write("double_resolve", study=study, differences=len(decisions))


def _whole(study: str, compared: tuple[Comparison, ...], decisions: Mapping[str, Decision]) -> Opinions:
    """What both said where they agree, what was decided where they differ, what one said where the other did not."""
    if {one.concept for one in compared if one.differs} != set(decisions):
        raise DoubleReadingError(study=study, reason="each_difference")
    whole: Opinions = {}
    for one in compared:
        decided = decisions.get(one.concept)
        if decided is not None:
            whole[one.concept] = OpinionFinding(**decided.model_dump())
        else:
            whole[one.concept] = one.first if one.first.status != "not_assessed" else one.second
    return whole
