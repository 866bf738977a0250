"""The tables of monitoring: what was observed of each study, frozen references, checks, alarms.

Whatever is derived from a study goes with it when it is erased: a reference then holds fewer rows than it was made of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from prosvet.archive.schema import Base

__all__ = ["Alarm", "AlarmStudy", "MonitorCheck", "MonitorReference", "Observation", "ReferenceRow"]


def _study(**options: Any) -> Mapped[str]:
    return mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), **options)


class Observation(Base):
    """What is watched of one study: ``facts`` maps a variable's name to a number, a category or null.

    ``number`` is its place in the stream of its site; ``at`` is when it arrived.
    """

    __tablename__ = "monitor_observations"
    __table_args__ = (Index("ix_monitor_observations_stream", "site", "number"), {"sqlite_autoincrement": True})
    number: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str] = _study(unique=True)
    site: Mapped[str]
    at: Mapped[datetime] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)


class MonitorReference(Base):
    """A frozen reference window. ``sha256`` covers its rows as they were frozen, ``last`` is the last one's number.

    ``rules`` are the numbers that checks against it go by; ``model`` is NAME@REVISION of its vectors and scores.
    """

    __tablename__ = "monitor_references"
    __table_args__ = (UniqueConstraint("site", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site: Mapped[str]
    name: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]
    model: Mapped[str]
    studies: Mapped[int]
    last: Mapped[int]
    sha256: Mapped[str]
    rules: Mapped[dict[str, Any]]
    statistics: Mapped[dict[str, Any]]
    seed: Mapped[int]


class ReferenceRow(Base):
    """One study of a reference, as it was when the reference was frozen; its vector is float16, little-endian."""

    __tablename__ = "monitor_reference_rows"
    reference_id: Mapped[int] = mapped_column(ForeignKey("monitor_references.id", ondelete="CASCADE"), primary_key=True)
    study_id: Mapped[str] = _study(primary_key=True, index=True)
    place: Mapped[int]
    facts: Mapped[dict[str, Any]]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)


class MonitorCheck(Base):
    """One comparison of the current windows with a reference, and the share of the year's false alarms it spent.

    ``last`` is the number of the last study that it saw; ``outcomes`` holds a row for each test.
    """

    __tablename__ = "monitor_checks"
    id: Mapped[int] = mapped_column(primary_key=True)
    site: Mapped[str] = mapped_column(index=True)
    reference_id: Mapped[int] = mapped_column(ForeignKey("monitor_references.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str]
    last: Mapped[int]
    fresh: Mapped[int]
    spent: Mapped[float]
    seconds: Mapped[float]
    outcomes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class Alarm(Base):
    """Something that changed. ``since`` is when the change began, as far as the stream tells; ``p`` is uncorrected.

    ``stopped`` says whether it stopped the line; ``closed`` is set by a named person with a note.
    """

    __tablename__ = "alarms"
    __table_args__ = (Index("ix_alarms_open", "site", "closed", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site: Mapped[str]
    reference_id: Mapped[int] = mapped_column(ForeignKey("monitor_references.id", ondelete="CASCADE"))
    check_id: Mapped[int] = mapped_column(ForeignKey("monitor_checks.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(index=True)
    stream: Mapped[str]
    variable: Mapped[str]
    cause: Mapped[str]
    test: Mapped[str]
    p: Mapped[float]
    q: Mapped[float]
    effect: Mapped[float]
    measure: Mapped[str]
    window: Mapped[int]
    since: Mapped[datetime]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    stopped: Mapped[bool]
    closed: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="")


class AlarmStudy(Base):
    """A study that shows an alarm; ``kind`` is typical or odd, ``influence`` its part in the statistic."""

    __tablename__ = "alarm_studies"
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarms.id", ondelete="CASCADE"), primary_key=True)
    study_id: Mapped[str] = _study(primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    influence: Mapped[float]
