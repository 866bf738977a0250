"""The tables of daily work: worklist, protocols, second readings, cohorts, retrospective runs, thumbnails.

All hang on a study (or an image) and go with it when it is erased.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from prosvet.archive.schema import Base

__all__ = [
    "Cohort",
    "CohortStudy",
    "DoubleReading",
    "Opinion",
    "Protocol",
    "RetrospectiveRow",
    "RetrospectiveRun",
    "Thumbnail",
    "WorkItem",
]


def _study(**options: Any) -> Mapped[str]:
    return mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), **options)


class WorkItem(Base):
    """A study's row in the worklist. ``priority`` 0 (routine) to 3 (critical), ``reason`` the concept behind it.

    ``status`` is new, read, draft, signed, second_reading, disagreement, released, no_film, addition or synthetic.
    ``owner`` is whose it is, None for the whole department's; ``reader`` who has taken it. ``sex``, ``age``
    and ``date`` repeat the study's own, so that each order of the list is one index.
    """

    __tablename__ = "worklist"
    __table_args__ = (
        # Each order of the list is one index, and whose and how far each study is stands in it: a page that leaves out
        # what is signed or what is somebody else's is read off the index alone.
        Index("ix_worklist_priority", "priority", "arrived", "study_id", "status", "owner"),
        Index("ix_worklist_status", "status", "priority", "arrived", "study_id", "owner"),
        Index("ix_worklist_arrived", "arrived", "study_id", "status", "owner"),
        Index("ix_worklist_date", "date", "study_id", "status", "owner"),
        Index("ix_worklist_age", "age", "study_id", "status", "owner"),
        Index("ix_worklist_sex", "sex", "study_id", "status", "owner"),
        Index("ix_worklist_reader", "reader", "study_id", "status", "owner"),
        Index("ix_worklist_owner", "owner", "study_id"),
    )
    study_id: Mapped[str] = _study(primary_key=True)
    arrived: Mapped[datetime]
    priority: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="new")
    owner: Mapped[str | None]
    reader: Mapped[str | None]
    sex: Mapped[str | None]
    age: Mapped[float | None]
    date: Mapped[date | None]
    image_id: Mapped[int | None]
    updated: Mapped[datetime]


class Protocol(Base):
    """One version of a protocol, or an addendum to a signed one.

    ``kind`` is report or addendum; ``state`` is draft or signed. ``content`` holds the sections with their sentences
    and what was decided of each. A signed row is never changed: ``sha256`` covers its content, its author and its time,
    and the hash of the signed row before it (``previous``).
    """

    __tablename__ = "protocols"
    __table_args__ = (
        UniqueConstraint("study_id", "number"),
        CheckConstraint("state IN ('draft', 'signed')", name="protocol_state"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str] = _study(index=True)
    number: Mapped[int]
    kind: Mapped[str]
    state: Mapped[str]
    author: Mapped[str]
    language: Mapped[str]
    text: Mapped[str]
    content: Mapped[dict[str, Any]]
    model: Mapped[str | None]
    created: Mapped[datetime]
    signed: Mapped[datetime | None]
    sha256: Mapped[str | None]
    previous: Mapped[str | None]


class DoubleReading(Base):
    """A study that was sent for double reading. ``second`` is person or program: who gives the second opinion.

    ``state`` is waiting (an opinion is missing), disagreement (a third has to resolve) or done. ``seed`` is that of the
    draw that the study came from, None for one that was chosen.
    """

    __tablename__ = "double_readings"
    __table_args__ = (CheckConstraint("state IN ('waiting', 'disagreement', 'done')", name="double_state"),)
    study_id: Mapped[str] = _study(primary_key=True)
    second: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    sent: Mapped[datetime] = mapped_column(index=True)
    sent_by: Mapped[str]
    seed: Mapped[int | None]
    finished: Mapped[datetime | None]


class Opinion(Base):
    """One reader's blind findings of a study in a double reading; ``part`` is first, second or resolution.

    ``reader`` is the person, or ``model:NAME@REVISION``, whose operating point is ``point``. A signed row is closed.
    """

    __tablename__ = "opinions"
    __table_args__ = (UniqueConstraint("study_id", "part"), UniqueConstraint("study_id", "reader"))
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str] = _study(index=True)
    part: Mapped[str]
    reader: Mapped[str] = mapped_column(index=True)
    point: Mapped[str | None]
    findings: Mapped[dict[str, Any]]
    comment: Mapped[str]
    begun: Mapped[datetime]
    signed: Mapped[datetime | None]


class Cohort(Base):
    """A named set of studies, and the question that it came from."""

    __tablename__ = "cohorts"
    __table_args__ = (UniqueConstraint("owner", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    owner: Mapped[str] = mapped_column(index=True)
    created: Mapped[datetime]
    query: Mapped[dict[str, Any]]


class CohortStudy(Base):
    """A study in a cohort, at its place."""

    __tablename__ = "cohort_studies"
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), primary_key=True)
    study_id: Mapped[str] = _study(primary_key=True, index=True)
    place: Mapped[int]


class RetrospectiveRun(Base):
    """A reading of the archive by one model; it goes on after a stop. ``state`` is running, stopped or done.

    ``model`` is NAME@REVISION, ``point`` its operating point; ``wanted`` how many studies the filters matched.
    """

    __tablename__ = "retrospective_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    model: Mapped[str]
    point: Mapped[str]
    filters: Mapped[dict[str, Any]]
    state: Mapped[str]
    wanted: Mapped[int]
    started: Mapped[datetime]
    started_by: Mapped[str]
    finished: Mapped[datetime | None]


class RetrospectiveRow(Base):
    """What the model said of a study beside what stands in its report. ``rank`` orders disagreements, worst first.

    ``concept`` and ``kind`` are those of the worst disagreement, None where there is none; ``findings`` holds all.
    ``verdict`` is missed, model_wrong or unclear.
    """

    __tablename__ = "retrospective_rows"
    __table_args__ = (Index("ix_retrospective_rows_rank", "run_id", "rank"),)
    run_id: Mapped[int] = mapped_column(ForeignKey("retrospective_runs.id", ondelete="CASCADE"), primary_key=True)
    study_id: Mapped[str] = _study(primary_key=True, index=True)
    rank: Mapped[float]
    concept: Mapped[str | None]
    kind: Mapped[str | None]
    findings: Mapped[dict[str, Any]]
    verdict: Mapped[str | None]
    comment: Mapped[str] = mapped_column(default="")
    judged_by: Mapped[str | None]
    judged: Mapped[datetime | None]


class Thumbnail(Base):
    """A small picture of a film, made when first asked for; ``side`` is its longer side in pixels."""

    __tablename__ = "thumbnails"
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    side: Mapped[int] = mapped_column(primary_key=True)
    format: Mapped[str]
    data: Mapped[bytes] = mapped_column(LargeBinary)
