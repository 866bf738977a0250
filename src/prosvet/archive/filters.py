"""Which studies: by sex, age, date, view, finding, source. One filter, turned into one SQL condition."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Select, exists, select

from prosvet.archive.owned import blindly_read, visible
from prosvet.archive.schema import Finding, Image, Patient, Study
from prosvet.core.actor import Actor
from prosvet.core.types import Frozen, Status, View

__all__ = ["StudyFilter", "matching"]


class StudyFilter(Frozen):
    """Conditions that must all hold; an empty filter matches every study.

    A study whose sex, age or date is unknown does not match a condition on it. ``source`` matches a source's
    name or its beginning (``nih`` matches ``nih(jrzech)``).

    Examples
    --------
    >>> StudyFilter(sex="F", age_min=60).model_dump(exclude_defaults=True)
    {'sex': 'F', 'age_min': 60.0}
    """

    sex: Literal["F", "M", "O"] | None = Field(default=None, description="Patient's sex.")
    age_min: float | None = Field(default=None, ge=0, description="Years, inclusive.")
    age_max: float | None = Field(default=None, ge=0, description="Years, inclusive.")
    date_from: date | None = Field(default=None, description="First day, inclusive (shifted dates are compared).")
    date_to: date | None = Field(default=None, description="Last day, inclusive.")
    view: View | None = Field(default=None, description="A study with an image of this view.")
    concepts: tuple[str, ...] = Field(default=(), description="Each is present by some origin.")
    any_of: tuple[str, ...] = Field(default=(), description="At least one is present by some origin.")
    without: tuple[str, ...] = Field(default=(), description="None is present by any origin.")
    source: str | None = Field(default=None, description="Name of the source, or its beginning.")
    split: str | None = Field(default=None, description="train, val or test, where the source says.")
    patient: str | None = Field(default=None, description="Patient's pseudonym.")
    studies: tuple[str, ...] = Field(default=(), description="Only these studies.")
    synthetic: bool = Field(default=False, description="Synthetic studies too; one that is named always matches.")


def _present(*concepts: str) -> ColumnElement[bool]:
    return exists().where(
        Finding.study_id == Study.id, Finding.concept.in_(concepts), Finding.status == Status.PRESENT.value
    )


def matching(query: StudyFilter, actor: Actor | None = None) -> Select[str]:
    """A select of the ids of the studies that match, of those that `actor` may see; without one, of all."""
    wanted = select(Study.id)
    if actor is not None:
        wanted = wanted.where(visible(actor), Study.id.not_in(blindly_read(actor)))
    if query.sex is not None:
        wanted = wanted.join(Patient, Patient.id == Study.patient_id).where(Patient.sex == query.sex)
    if query.view is not None:
        wanted = wanted.where(exists().where(Image.study_id == Study.id, Image.view == query.view.value))
    if query.any_of:
        wanted = wanted.where(_present(*query.any_of))
    if query.without:
        wanted = wanted.where(~_present(*query.without))
    for concept in query.concepts:
        wanted = wanted.where(_present(concept))
    return wanted.where(*_ranges(query))


def _ranges(query: StudyFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.age_min is not None:
        conditions.append(Study.age >= query.age_min)
    if query.age_max is not None:
        conditions.append(Study.age <= query.age_max)
    if query.date_from is not None:
        conditions.append(Study.date >= query.date_from)
    if query.date_to is not None:
        conditions.append(Study.date <= query.date_to)
    if query.split is not None:
        conditions.append(Study.split == query.split)
    if query.patient is not None:
        conditions.append(Study.patient_id == query.patient)
    if query.source is not None:
        conditions.append(Study.source.startswith(query.source, autoescape=True))
    if query.studies:
        conditions.append(Study.id.in_(query.studies))
    elif not query.synthetic:
        conditions.append(~Study.synthetic)
    return conditions
