"""The tables of autonomous screening: calibrations, the line, decisions with their proof, blind audits.

A decision, an audit and a film that a calibration knows hang on a study and go with it when it is erased; what is left
of a calibration then are counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from prosvet.archive.schema import Base

__all__ = ["ScreenAudit", "ScreenCalibration", "ScreenDecision", "ScreenEvent", "ScreenKnown", "ScreenLine"]


def _study(**options: Any) -> Mapped[str]:
    return mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), **options)


class ScreenCalibration(Base):
    """A threshold with its proof. ``version`` counts from 1 in each ``site``; a row is never changed.

    ``model`` is NAME@REVISION, ``data_sha256`` the hash of the ids, scores and labels. ``distance_limit`` is None where
    the films of the set were not in the archive; ``policy`` says which gates were loosened. ``report`` is the whole
    result, without a single id.
    """

    __tablename__ = "screen_calibrations"
    __table_args__ = (UniqueConstraint("site", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site: Mapped[str]
    version: Mapped[int]
    created: Mapped[datetime]
    created_by: Mapped[str]
    model: Mapped[str]
    data_sha256: Mapped[str]
    max_missed: Mapped[float]
    confidence: Mapped[float]
    threshold: Mapped[float]
    distance_limit: Mapped[float | None]
    policy: Mapped[dict[str, Any]]
    report: Mapped[dict[str, Any]]


class ScreenKnown(Base):
    """A study of a calibration's set that the archive holds: its label, its score, its vector (float16)."""

    __tablename__ = "screen_known"
    calibration_id: Mapped[int] = mapped_column(
        ForeignKey("screen_calibrations.id", ondelete="CASCADE"), primary_key=True
    )
    study_id: Mapped[str] = _study(primary_key=True, index=True)
    score: Mapped[float]
    abnormal: Mapped[bool]
    critical: Mapped[bool | None]
    vector: Mapped[bytes | None] = mapped_column(LargeBinary)


class ScreenLine(Base):
    """The line of one site: ``open`` or ``stopped``, since when, by whom, why, and the calibration in force.

    ``secret`` keys the draw of the audited share, so that nobody can tell beforehand which studies it takes.
    """

    __tablename__ = "screen_line"
    __table_args__ = (CheckConstraint("state IN ('open', 'stopped')", name="line_state"),)
    site: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    calibration_id: Mapped[int | None] = mapped_column(ForeignKey("screen_calibrations.id"))
    audit_share: Mapped[float]
    secret: Mapped[str]
    changed: Mapped[datetime]
    changed_by: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str]


class ScreenEvent(Base):
    """What befell the line: opened, stopped. The audit log has the same, chained."""

    __tablename__ = "screen_events"
    __table_args__ = (Index("ix_screen_events_site", "site", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site: Mapped[str]
    at: Mapped[datetime]
    event: Mapped[str]
    by: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str]
    calibration_id: Mapped[int | None] = mapped_column(ForeignKey("screen_calibrations.id"))


class ScreenDecision(Base):
    """What was decided of a study, and on what: outcome is normal (released), refer or abstain (with its reason).

    A released row is closed to change. ``films`` is how many the study had: when another comes, the study is decided on
    anew, in a row of its own. ``proof`` holds the gates as they were found.
    """

    __tablename__ = "screen_decisions"
    __table_args__ = (
        UniqueConstraint("study_id", "calibration_id", "films"),
        CheckConstraint("outcome IN ('normal', 'refer', 'abstain')", name="screen_outcome"),
        Index("ix_screen_decisions_site", "site", "at", "outcome"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    site: Mapped[str]
    study_id: Mapped[str] = _study(index=True)
    calibration_id: Mapped[int | None] = mapped_column(ForeignKey("screen_calibrations.id"))
    at: Mapped[datetime]
    by: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    score: Mapped[float | None]
    threshold: Mapped[float | None]
    distance: Mapped[float | None]
    model: Mapped[str]
    films: Mapped[int]
    proof: Mapped[dict[str, Any]]


class ScreenAudit(Base):
    """A decided study that a doctor reads blind. ``verdict`` is normal, abnormal or critical, None while it waits.

    Released and referred studies are drawn alike, so that the queue does not tell what the program decided; a judged
    row is closed to change.
    """

    __tablename__ = "screen_audits"
    __table_args__ = (Index("ix_screen_audits_verdict", "verdict", "drawn"),)
    decision_id: Mapped[int] = mapped_column(ForeignKey("screen_decisions.id", ondelete="CASCADE"), primary_key=True)
    study_id: Mapped[str] = _study(unique=True)
    drawn: Mapped[datetime]
    verdict: Mapped[str | None]
    comment: Mapped[str] = mapped_column(default="")
    reader: Mapped[str | None]
    judged: Mapped[datetime | None]
