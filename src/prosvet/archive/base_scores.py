"""Scores of the model itself beside those that a site's adapter made, and the one space of their vectors."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

__all__ = ["base_row", "in_space"]


def in_space(column: InstrumentedAttribute[str], revision: str) -> ColumnElement[bool]:
    """Whether a vector of the revision in `column` lies in the space of `revision`: itself or an adaptation of it."""
    return or_(column == revision, column.startswith(f"{revision}+", autoescape=True))


def base_row(image: int, kept: tuple[str, str, dict[str, float]]) -> dict[str, Any]:
    """The row of :class:`prosvet.archive.schema_site.BaseScores` of an image."""
    model, revision, scores = kept
    return {"image_id": image, "model": model, "revision": revision, "scores": scores}
