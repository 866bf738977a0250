"""What a mark is: findings with side and boxes, checked and in one canonical form, so that any format can hold it."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from prosvet.core.errors import MarkError
from prosvet.core.types import Frozen, Moment, Side
from prosvet.language.vocabulary import vocabulary

__all__ = [
    "Box",
    "FilmMarks",
    "MarkFinding",
    "MarkRecord",
    "MarkSource",
    "MarkStatus",
    "check_findings",
    "from_row",
    "on_grid",
    "to_row",
]

MarkStatus = Literal["present", "uncertain", "absent"]
MarkSource = Literal["page", "command", "label-studio", "coco", "csv"]
GRID = 8
"""Boxes lie on eighths of a pixel: sizes and percentages of other formats then come back to the very same box."""
_MOST_BOXES = 200


def on_grid(value: float) -> float:
    """The nearest eighth of a pixel.

    Examples
    --------
    >>> on_grid(10.0600001)
    10.0
    """
    return round(value * GRID) / GRID


def _box(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    if not all(math.isfinite(value) and 0 <= value <= 1e6 for value in box):
        raise ValueError("box_numbers")
    left, top, right, bottom = (on_grid(value) for value in box)
    if right <= left or bottom <= top:
        raise ValueError("box_empty")
    return left, top, right, bottom


Box = Annotated[tuple[float, float, float, float], AfterValidator(_box)]
"""(left, top, right, bottom) in pixels of the upright film."""


def _text(value: str) -> str:
    plain = value.replace("\r\n", "\n").replace("\r", "\n").strip()
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in plain):
        raise ValueError("control_character")
    return plain


Words = Annotated[str, AfterValidator(_text)]


class MarkFinding(Frozen):
    """What a reader says of one finding. Side and boxes go with what is there or may be there."""

    concept: str = Field(max_length=80, description="Id of a concept of the vocabulary.")
    status: MarkStatus = Field(description="present, uncertain or absent.")
    side: Side | None = Field(default=None, description="The patient's side.")
    comment: Words = Field(default="", max_length=500)
    boxes: tuple[Box, ...] = Field(default=(), max_length=_MOST_BOXES, description="In pixels of the upright film.")

    @model_validator(mode="after")
    def _place_of_something(self) -> Self:
        if self.status == "absent" and (self.side is not None or self.boxes):
            raise ValueError("place_of_nothing")
        return self


def _ordered(findings: tuple[MarkFinding, ...]) -> tuple[MarkFinding, ...]:
    made = tuple(sorted(findings, key=lambda finding: finding.concept))
    if len({finding.concept for finding in made}) < len(made):
        raise ValueError("finding_twice")
    return made


Findings = Annotated[tuple[MarkFinding, ...], Field(max_length=200), AfterValidator(_ordered)]


class MarkRecord(Frozen):
    """One version of one reader's mark. Without reader and version it is new, and belongs to whoever brings it in."""

    reader: Words = Field(default="", max_length=60)
    version: int = Field(default=0, ge=0, le=10_000)
    at: Moment | None = None
    blind: bool = False
    model: Words = Field(default="", max_length=200, description="NAME@REVISION that the site read with then.")
    source: MarkSource = "page"
    comment: Words = Field(default="", max_length=4000)
    findings: Findings

    @field_validator("at")
    @classmethod
    def _as_kept(cls, at: datetime | None) -> datetime | None:
        return at.astimezone(UTC).replace(tzinfo=None) if at is not None and at.tzinfo is not None else at

    @model_validator(mode="after")
    def _whole_or_new(self) -> Self:
        if bool(self.reader) != bool(self.version) or bool(self.reader) != (self.at is not None):
            raise ValueError("half_a_name")
        return self

    def says(self) -> tuple[Findings, str]:
        """What is said, without who and when."""
        return self.findings, self.comment


class FilmMarks(Frozen):
    """A film with its marks, by reader and version. ``rows`` and ``cols`` are those of the upright film."""

    study: str = Field(min_length=1, max_length=200)
    image: int = Field(ge=1, lt=2**53)
    rows: int = Field(ge=1, le=100_000)
    cols: int = Field(ge=1, le=100_000)
    marks: tuple[MarkRecord, ...]

    @field_validator("marks")
    @classmethod
    def _in_order(cls, marks: tuple[MarkRecord, ...]) -> tuple[MarkRecord, ...]:
        return tuple(sorted(marks, key=lambda mark: (mark.reader, mark.version)))


def check_findings(findings: Iterable[MarkFinding], rows: int, cols: int) -> None:
    """Raise unless the findings can be said of a film of that size.

    Raises
    ------
    UnknownName
        For a concept that the vocabulary has not.
    MarkError
        Nothing is said at all, a box lies outside the film, or a film is normal and has a finding.
    """
    said = tuple(findings)
    if not said:
        raise MarkError(reason="nothing_marked")
    present = [finding.concept for finding in said if finding.status != "absent"]
    for finding in said:
        vocabulary()[finding.concept]
        for left, top, right, bottom in finding.boxes:
            if right > cols or bottom > rows:
                box = f"{left:g}, {top:g}, {right:g}, {bottom:g}"
                raise MarkError(reason="box_outside", concept=finding.concept, box=box, cols=cols, rows=rows)
    if "normal" in present and len(present) > 1:
        raise MarkError(reason="normal_with_findings", concept=next(c for c in present if c != "normal"))


def to_row(findings: Iterable[MarkFinding]) -> list[dict[str, Any]]:
    """As the table keeps them."""
    return [finding.model_dump(mode="json") for finding in findings]


def from_row(row: Iterable[dict[str, Any]]) -> tuple[MarkFinding, ...]:
    """From the table."""
    return tuple(MarkFinding.model_validate(value) for value in row)
