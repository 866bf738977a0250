"""Sending studies for double reading: chosen ones, or a sample drawn at random with a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from pydantic import Field
from sqlalchemy import Connection, exists, insert, select

from prosvet.archive.filters import StudyFilter, matching
from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_work import Cohort, CohortStudy, DoubleReading, Opinion
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import DoubleReadingError, InvalidRequest, NotFound
from prosvet.core.types import Frozen
from prosvet.reading.double.form import filled, to_row
from prosvet.reading.double.program import ProgramOpinion, opinions_of, scored_studies
from prosvet.reading.double.status import set_status

__all__ = ["Draw", "Second", "Sent", "send"]

Second = Literal["person", "program"]


class Draw(Frozen):
    """A sample: `n` studies, or a `share` of those that match; from a cohort, a filter, or both."""

    filters: StudyFilter = StudyFilter()
    cohort: int | None = Field(default=None, description="Number of a cohort.")
    n: int | None = Field(default=None, ge=1, le=10_000, description="So many studies.")
    share: float | None = Field(default=None, gt=0, le=1, description="This share of those that match.")
    seed: int = Field(default=0, ge=0, description="The same seed draws the same studies.")


class Sent(Frozen):
    """What was sent. ``matched`` is how many could have been: seen, with a film, not sent before."""

    studies: tuple[str, ...]
    matched: int


def send(studies: Sequence[str], draw: Draw | None, second: Second, context: Context) -> Sent:
    """Send `studies`, or those that `draw` draws.

    Raises
    ------
    InvalidRequest
        When neither or both are given, or the draw names neither a number nor a share.
    NotFound
        For a study or a cohort that is not there for this person.
    DoubleReadingError
        For a chosen study that was sent before, has no film, or which the model has not scored.
    """
    if bool(studies) == (draw is not None):
        raise InvalidRequest(name="studies", reason="double_choice")
    with context.get(Store).note() as db:
        open_ = _open(db, context, second)
        if draw is None:
            chosen, matched = _chosen(db, studies, open_, context), len(studies)
        else:
            chosen, matched = _drawn(db, draw, open_, context)
        said = opinions_of(db, chosen, context) if second == "program" else {}
        _write(db, chosen, second, draw.seed if draw else None, said, context)
    return Sent(studies=tuple(chosen), matched=matched)


def _open(db: Connection, context: Context, second: Second) -> set[str]:
    """Studies that can be sent now."""
    has_film = exists().where(Image.study_id == Study.id)
    sent = exists().where(DoubleReading.study_id == Study.id)
    found = set(db.execute(select(Study.id).where(has_film, ~sent, visible(context.actor))).scalars())
    return found & scored_studies(db, context) if second == "program" else found


def _chosen(db: Connection, studies: Sequence[str], open_: set[str], context: Context) -> list[str]:
    wanted = list(dict.fromkeys(studies))
    seen = set(db.execute(select(Study.id).where(Study.id.in_(wanted), visible(context.actor))).scalars())
    sent = set(db.execute(select(DoubleReading.study_id).where(DoubleReading.study_id.in_(wanted))).scalars())
    for study in wanted:
        if study not in seen:
            raise NotFound(kind="study", name=study)
        if study in sent:
            raise DoubleReadingError(study=study, reason="already_sent")
        if study not in open_:
            raise DoubleReadingError(study=study, reason="nothing_to_read")
    return wanted


def _drawn(db: Connection, draw: Draw, open_: set[str], context: Context) -> tuple[list[str], int]:
    if (draw.n is None) == (draw.share is None):
        raise InvalidRequest(name="n", reason="double_size")
    found = set(db.execute(matching(draw.filters)).scalars()) & open_
    if draw.cohort is not None:
        found &= _cohort(db, draw.cohort, context)
    # Sorted, so that the draw depends on the seed and the studies alone.
    pool = sorted(found)
    size = min(len(pool), draw.n if draw.n is not None else round((draw.share or 0.0) * len(pool)))
    return sorted(random.Random(draw.seed).sample(pool, size)), len(pool)


def _cohort(db: Connection, cohort: int, context: Context) -> set[str]:
    owner = db.execute(select(Cohort.owner).where(Cohort.id == cohort)).scalar()
    if owner is None or not (owner == context.actor.name or context.actor.may("senior")):
        raise NotFound(kind="cohort", name=str(cohort))
    return set(db.execute(select(CohortStudy.study_id).where(CohortStudy.cohort_id == cohort)).scalars())


def _write(
    db: Connection, studies: list[str], second: Second, seed: int | None, said: dict[str, ProgramOpinion],
    context: Context,
) -> None:  # fmt: skip
    at = now()
    audit = AuditLog.from_context(context)
    for study in studies:
        row = {"study_id": study, "second": second, "state": "waiting", "sent": at, "sent_by": context.actor.name,
               "seed": seed, "finished": None}  # fmt: skip
        db.execute(insert(DoubleReading).values(row))
        if second == "program":
            opinion = said[study]
            db.execute(
                insert(Opinion).values(
                    study_id=study, part="second", reader=opinion.reader, point=opinion.point, comment="",
                    findings=to_row(filled(opinion.findings)), begun=at, signed=at,
                )
            )  # fmt: skip
        set_status(db, study, "second_reading", at)
        audit.write("double_send", study=study, second=second)
