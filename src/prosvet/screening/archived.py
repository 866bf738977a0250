"""What the archive holds of a study for screening: its films with gates, scores and vectors of one model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, select

from prosvet.archive.schema import Image, ImageVector, Study
from prosvet.core.types import View

__all__ = ["SCORE", "ArchivedFilm", "ArchivedStudy", "studies"]

SCORE = "abnormal"
"""The concept whose score decides."""
_PART = 2000


@dataclass(frozen=True)
class ArchivedFilm:
    """A film; ``score`` and ``vector`` (float16) are None, ``scores`` empty, where the model has not examined it."""

    id: int
    view: View
    gates: dict[str, Any]
    score: float | None
    vector: bytes | None
    scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ArchivedStudy:
    """A study with its films in the order they came; ``age`` in years at its time."""

    id: str
    age: float | None
    films: tuple[ArchivedFilm, ...]

    @property
    def worst(self) -> ArchivedFilm | None:
        """The film with the highest score of those that are no side views: a study is as abnormal as its worst film."""
        scored = [film for film in self.films if film.score is not None and film.view is not View.LATERAL]
        return max(scored, key=lambda film: film.score or 0.0, default=None)


def studies(db: Connection, ids: Sequence[str], model: str) -> Iterator[ArchivedStudy]:
    """Those of `ids` that are in the archive, as `model` (NAME@REVISION) saw them.

    A score counts only with the vector of the same model beside it: the row of scores does not say whose they are.
    """
    name, _, revision = model.partition("@")
    this = and_(ImageVector.image_id == Image.id, ImageVector.model == name, ImageVector.revision == revision)
    query = (
        select(Study.id, Study.age, Image.id.label("image"), Image.view, Image.gates, Image.scores, ImageVector.vector)
        .outerjoin(Image, Image.study_id == Study.id)
        .outerjoin(ImageVector, this)
        .order_by(Study.id, Image.id)
    )
    for start in range(0, len(ids), _PART):
        part = ids[start : start + _PART]
        people: dict[str, float | None] = {}
        films: dict[str, list[ArchivedFilm]] = {}
        for row in db.execute(query.where(Study.id.in_(part))):
            people[row.id] = row.age
            mine = films.setdefault(row.id, [])
            if row.image is not None:
                scores = dict(row.scores) if row.vector is not None else {}
                view, score = View(row.view), scores.get(SCORE)
                mine.append(ArchivedFilm(row.image, view, dict(row.gates), score, row.vector, scores))
        for study in part:
            if study in people:
                yield ArchivedStudy(study, people[study], tuple(films[study]))
