"""The tables of marking: how the queue was filled, its cases, who has one open, and the marks with their history.

A case, an open reading and a mark hang on a film and go with it when its study is erased.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from prosvet.archive.schema import Base

__all__ = ["Mark", "MarkCase", "MarkDraw", "MarkReading"]


def _study(**options: Any) -> Mapped[str]:
    return mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), **options)


def _image(**options: Any) -> Mapped[int]:
    return mapped_column(ForeignKey("images.id", ondelete="CASCADE"), **options)


class MarkDraw(Base):
    """One filling of the queue: by which rule, from how many films, with what seed. It can be drawn again.

    ``eligible`` is how many films could have been taken: of the ``random`` ones among ``drawn``, each of these had the
    same chance, which is what an estimate of the error rate rests on. ``model`` is NAME@REVISION of the scores.
    """

    __tablename__ = "mark_draws"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    model: Mapped[str]
    seed: Mapped[int]
    eligible: Mapped[int]
    drawn: Mapped[int]
    random: Mapped[int]
    rule: Mapped[dict[str, Any]]


class MarkCase(Base):
    """A film to be marked, and why.

    ``kind`` is the chief reason (random, miss, disagreement, abstention, odd, uncertain, far), ``why`` holds all of
    them with their facts, strongest first. A ``blind`` case tells neither its reason nor the model's answer until it is
    marked. ``weight`` (0 to 1) is the priority that the rule gave it; ``place`` its order in the draw.
    """

    __tablename__ = "mark_cases"
    __table_args__ = (
        UniqueConstraint("draw_id", "image_id"),
        Index("ix_mark_cases_order", "draw_id", "place"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    draw_id: Mapped[int] = mapped_column(ForeignKey("mark_draws.id", ondelete="CASCADE"))
    study_id: Mapped[str] = _study(index=True)
    image_id: Mapped[int] = _image(index=True)
    place: Mapped[int]
    kind: Mapped[str] = mapped_column(index=True)
    why: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    blind: Mapped[bool]
    weight: Mapped[float]


class MarkReading(Base):
    """A reader has taken a case. ``finished`` is None while it is open; ``skipped`` is the reason it was left unmarked.

    ``blind`` and ``study_id`` repeat the case's own: an open blind one closes the study's findings to its reader.
    """

    __tablename__ = "mark_readings"
    __table_args__ = (Index("ix_mark_readings_reader", "reader", "finished", "blind", "study_id"),)
    case_id: Mapped[int] = mapped_column(ForeignKey("mark_cases.id", ondelete="CASCADE"), primary_key=True)
    reader: Mapped[str] = mapped_column(primary_key=True)
    study_id: Mapped[str] = _study(index=True)
    blind: Mapped[bool]
    begun: Mapped[datetime]
    finished: Mapped[datetime | None]
    skipped: Mapped[str | None]


class Mark(Base):
    """What one reader says of one film; an edit is the next ``version`` and the earlier ones stay. Never changed.

    ``findings`` is a list of ``{concept, status, side, comment, boxes}``; a box is (left, top, right, bottom) in pixels
    of the upright film. ``blind`` is whether the reader had not seen the model's answer; ``model`` is NAME@REVISION
    that the site read with then; ``source`` is page, command, label-studio, coco or csv.
    """

    __tablename__ = "marks"
    __table_args__ = (UniqueConstraint("image_id", "reader", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str] = _study(index=True)
    image_id: Mapped[int] = _image()
    case_id: Mapped[int | None] = mapped_column(ForeignKey("mark_cases.id", ondelete="CASCADE"), index=True)
    reader: Mapped[str] = mapped_column(index=True)
    version: Mapped[int]
    at: Mapped[datetime]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    comment: Mapped[str] = mapped_column(default="")
    blind: Mapped[bool]
    model: Mapped[str]
    source: Mapped[str]
