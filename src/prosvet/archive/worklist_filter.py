"""Which rows of the worklist: the filters, turned into conditions that its indexes answer."""

from __future__ import annotations

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import ColumnElement, func, or_, select

from prosvet.archive.owned import blindly_read
from prosvet.archive.schema import Finding, Image, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.worklist import CLOSED, WorkStatus
from prosvet.core.actor import Actor
from prosvet.core.types import Frozen, Status
from prosvet.language.vocabulary import vocabulary

__all__ = ["WorkFilter", "conditions", "seen_by"]

_LAST = "\U0010ffff"  # after every other letter


class WorkFilter(Frozen):
    """Conditions that must all hold. A study whose sex, age or date is unknown does not match one on it."""

    status: Literal["open", "all"] | WorkStatus = Field(
        default="open", description="One status; open: what has a film and is not signed; all."
    )
    priority: int | None = Field(default=None, ge=0, le=3, description="This priority or higher: 3 critical, 0 any.")
    finding: str | None = Field(default=None, max_length=100, description="Concept that some origin says is present.")
    sex: Literal["F", "M", "O"] | None = Field(default=None, description="Patient's sex.")
    age_min: float | None = Field(default=None, ge=0, le=150, description="Years, inclusive.")
    age_max: float | None = Field(default=None, ge=0, le=150, description="Years, inclusive.")
    date_from: date | None = Field(default=None, description="First day, inclusive.")
    date_to: date | None = Field(default=None, description="Last day, inclusive.")
    source: str | None = Field(default=None, max_length=100, description="Name of the source, or its beginning.")
    reader: str | None = Field(default=None, max_length=100, description="Who has taken it.")
    mine: bool = Field(default=False, description="Only what whoever asks has taken.")
    text: str | None = Field(default=None, max_length=200, description="Part of the study's id or of a file's name.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ages, days = (self.age_min, self.age_max), (self.date_from, self.date_to)
        if None not in ages and ages[0] > ages[1]:  # type: ignore[operator]
            raise ValueError("age_min > age_max")
        if None not in days and days[0] > days[1]:  # type: ignore[operator]
            raise ValueError("date_from > date_to")
        return self


def seen_by(actor: Actor) -> list[ColumnElement[bool]]:
    """What leaves the rows that `actor` may see: as :func:`prosvet.archive.visible.visible`, without leaving the row.

    Examples
    --------
    >>> [str(condition) for condition in seen_by(Actor("petrova", "reader"))]
    ['coalesce(worklist.owner, :coalesce_1) = :coalesce_2']
    """
    if actor.may("senior"):
        return []
    # Not as two conditions joined by OR: they would draw the planner to the index of owners and away from the order.
    return [func.coalesce(WorkItem.owner, actor.name) == actor.name]


def conditions(query: WorkFilter, actor: Actor, *, with_status: bool = True) -> list[ColumnElement[bool]]:
    """The conditions of `query` on the table of work, for what `actor` may see and does not read blind.

    Raises
    ------
    UnknownName
        For a finding that is no concept.
    """
    found = [*seen_by(actor), WorkItem.study_id.not_in(blindly_read(actor)), *_ranges(query), *_elsewhere(query)]
    if with_status and query.status == "open":
        found += [WorkItem.status != name for name in CLOSED]
    elif with_status and query.status != "all":
        found.append(WorkItem.status == query.status)
    if query.priority:
        found.append(WorkItem.priority >= query.priority)
    if query.reader is not None:
        found.append(WorkItem.reader == query.reader)
    if query.mine:
        found.append(WorkItem.reader == actor.name)
    return found


def _ranges(query: WorkFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.sex is not None:
        found.append(WorkItem.sex == query.sex)
    if query.age_min is not None:
        found.append(WorkItem.age >= query.age_min)
    if query.age_max is not None:
        found.append(WorkItem.age <= query.age_max)
    if query.date_from is not None:
        found.append(WorkItem.date >= query.date_from)
    if query.date_to is not None:
        found.append(WorkItem.date <= query.date_to)
    return found


def _elsewhere(query: WorkFilter) -> list[ColumnElement[bool]]:
    """Conditions on what the row does not repeat."""
    found: list[ColumnElement[bool]] = []
    if query.finding is not None:
        words = vocabulary()
        kinds = sorted({words[query.finding].id, *words.descendants(query.finding)})
        claimed = select(Finding.study_id).where(Finding.concept.in_(kinds), Finding.status == Status.PRESENT.value)
        found.append(WorkItem.study_id.in_(claimed))
    if query.source:
        named = select(Study.id).where(Study.source >= query.source, Study.source < query.source + _LAST)
        found.append(WorkItem.study_id.in_(named))
    if query.text:
        files = select(Image.study_id).where(Image.file.contains(query.text, autoescape=True))
        found.append(or_(WorkItem.study_id.contains(query.text, autoescape=True), WorkItem.study_id.in_(files)))
    return found
