"""Labels put beside what the archive keeps of the films: the model's own scores, vectors, patients, dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select

from prosvet.archive.base_scores import in_space
from prosvet.archive.schema import Image, ImageVector, Study
from prosvet.archive.schema_site import BaseScores
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import SiteError
from prosvet.core.types import View
from prosvet.models.card import Card
from prosvet.training.site.cases import Cases
from prosvet.training.site.table import Said

__all__ = ["from_archive"]

_PART = 2000


def from_archive(said: Said, card: Card, context: Context) -> tuple[Cases, int]:
    """The labelled films that `card` (the base) has examined, and how many ids of the labels gave none.

    A label of a study holds for each of its films that is no side view; a label of an image stands above its study's.

    Raises
    ------
    SiteError
        When no film is left.
    """
    rows: dict[int, tuple[Any, dict[str, float]]] = {}
    met: set[str] = set()
    with context.get(Store).read() as db:
        for row in _rows(db, list(said), card):
            keys = [key for key in (row.study_id, row.sha256, str(row.id)) if key in said]
            own = row.own if row.own is not None else row.scores
            met.update(keys)
            if set(own) >= set(card.labels):
                rows[row.id] = row, {finding: v for key in keys for finding, v in said[key].items()}
    if not rows:
        raise SiteError(reason="no_films", n=len(said))
    return _cases(list(rows.values()), card), len(set(said) - met)


def _rows(db: Connection, ids: Sequence[str], card: Card) -> Iterator[Row[Any]]:
    query = (
        select(
            Image.id, Image.study_id, Image.sha256, Image.scores, BaseScores.scores.label("own"), ImageVector.vector,
            Study.patient_id, Study.date,
        )
        .join(Study, Study.id == Image.study_id)
        .join(ImageVector, ImageVector.image_id == Image.id)
        .outerjoin(BaseScores, BaseScores.image_id == Image.id)
        .where(ImageVector.model == card.name, in_space(ImageVector.revision, card.revision))
        .where(Image.view != View.LATERAL.value, Image.synthetic.is_(None))
        .order_by(Image.id)
    )  # fmt: skip
    numbers = [int(one) for one in ids if one.isdecimal() and len(one) < 19]
    for column, values in ((Image.study_id, list(ids)), (Image.sha256, list(ids)), (Image.id, numbers)):
        for start in range(0, len(values), _PART):
            yield from db.execute(query.where(column.in_(values[start : start + _PART])))


def _cases(rows: list[tuple[Any, dict[str, float]]], card: Card) -> Cases:
    rows = sorted(rows, key=lambda pair: pair[0].id)
    own = [dict(row.own if row.own is not None else row.scores) for row, _ in rows]
    return Cases(
        findings=card.labels,
        scores=np.array([[one[label] for label in card.labels] for one in own], dtype=np.float64),
        vectors=np.stack([np.frombuffer(row.vector, dtype="<f2") for row, _ in rows]).astype(np.float64),
        labels=np.array([[labels.get(label, np.nan) for label in card.labels] for _, labels in rows]),
        patients=np.array([row.patient_id for row, _ in rows]),
        studies=np.array([row.study_id for row, _ in rows]),
        dates=np.array([row.date.isoformat() if row.date else "" for row, _ in rows]),
    )
