"""The model's scores of studies: those that the archive keeps, where this very model made them; else made anew."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, ImageVector
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ArchiveError, ImageError, NotFound
from prosvet.core.types import View
from prosvet.imaging.film import Film
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examiner

__all__ = ["Scored", "scores_of"]

log = logging.getLogger(__name__)

_AT_ONCE = 16  # films given to the networks together


class Scored:
    """Scores of the frontal films of each study, and the code of the error where a study's films cannot be read."""

    def __init__(self) -> None:
        self.films: dict[str, list[dict[str, float]]] = {}
        self.failed: dict[str, str] = {}
        self.examined = 0

    def add(self, study: str, scores: dict[str, float]) -> None:
        """One film's scores; a side view has none."""
        if scores:
            self.films.setdefault(study, []).append(scores)


def scores_of(studies: Sequence[str], context: Context) -> Scored:
    """The current model's scores.

    Raises
    ------
    ModelError
        When films have to be examined and the model cannot be loaded.
    """
    scored, waiting = Scored(), []
    with context.get(Store).read() as db:
        for row in _films(db, studies, context):
            if row.known is not None:
                scored.add(row.study_id, dict(row.scores))
            elif row.view != View.LATERAL.value:
                waiting.append(row)
    for start in range(0, len(waiting), _AT_ONCE):
        _examine(waiting[start : start + _AT_ONCE], scored, context)
    for study in scored.films:
        scored.failed.pop(study, None)
    return scored


def _films(db: Connection, studies: Sequence[str], context: Context) -> Sequence[Row[Any]]:
    """Every film; ``known`` is None where its scores are not of this model and revision."""
    ref = context.get(Examiner).ref
    same = and_(
        ImageVector.image_id == Image.id, ImageVector.model == ref.name, ImageVector.revision == ref.revision
    )  # fmt: skip
    known = ImageVector.image_id.label("known")
    query = select(Image.id, Image.study_id, Image.sha256, Image.file, Image.view, Image.scores, known)
    return db.execute(query.outerjoin(ImageVector, same).where(Image.study_id.in_(studies)).order_by(Image.id)).all()


def _examine(rows: Sequence[Row[Any]], scored: Scored, context: Context) -> None:
    """Run the networks over films that this model has not seen; a film that cannot be read is noted."""
    films: list[Film] = []
    owners: list[str] = []
    for row in rows:
        try:
            films.append(load_bytes(context.get(FileStore).read(row.sha256), row.file, context.settings))
            owners.append(row.study_id)
        except (ImageError, NotFound, ArchiveError) as error:
            log.warning("image %d cannot be read: %s", row.id, error.code)
            scored.failed[row.study_id] = error.code
    if films:
        for study, answer in zip(owners, context.get(Examiner).examine_many(films), strict=True):
            scored.add(study, answer.scores)
            scored.examined += 1
