"""Questions by what the archive already holds: no film is read again, no vector made twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from prosvet.archive.base_scores import in_space
from prosvet.archive.blind import ensure_open
from prosvet.archive.schema import ImageVector
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, QueryError
from prosvet.core.i18n import Lang
from prosvet.index.service import Indexes
from prosvet.search.ask import Question, ask_report, of_film
from prosvet.search.match import Thresholds

__all__ = ["ask_stored_film", "ask_stored_report"]


def ask_stored_film(image: int, where: str, lang: Lang, context: Context) -> Question:
    """A question by a film of the archive, by the scores and the vector that were kept of it.

    Raises
    ------
    NotFound
        When there is no such film, or its study belongs to somebody else.
    QueryError
        Reason ``no_vector``: nothing was kept of it (a side view, or a film that was never examined).
    """
    store = context.get(Store)
    row = store.lookup_images([image]).get(image)
    if row is None:
        raise NotFound(kind="image", name=str(image))
    ensure_visible(store, row.study, context.actor)
    ensure_open(store, row.study, context.actor)
    model = context.get(Indexes).image_vectors.model
    vector = _vector(image, model, store)
    if vector is None and not row.scores:
        raise QueryError(reason="no_vector", name=row.file)
    question = of_film(row.scores, vector, model, where, lang, Thresholds.of(context))
    return replace(question, study=row.study)


def ask_stored_report(report: int, where: str, lang: Lang, context: Context) -> Question:
    """A question by a report of the archive.

    Raises
    ------
    NotFound
        When there is no such report, or its study belongs to somebody else.
    """
    store = context.get(Store)
    row = store.lookup_reports([report]).get(report)
    if row is None:
        raise NotFound(kind="report", name=str(report))
    ensure_visible(store, row.study, context.actor)
    ensure_open(store, row.study, context.actor)
    return replace(ask_report(row.text, where, lang, context), study=row.study)


def _vector(image: int, model: str, store: Store) -> NDArray[np.float32] | None:
    name, _, revision = model.rpartition("@")
    query = select(ImageVector.vector).where(
        ImageVector.image_id == image, ImageVector.model == name, in_space(ImageVector.revision, revision)
    )
    with store.read() as db:
        found = db.execute(query).scalar_one_or_none()
    return None if found is None else np.frombuffer(found, dtype="<f2").astype(np.float32)
