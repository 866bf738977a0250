"""A study of the archive looked at anew, with anatomy: nothing is released on a score that was kept somewhere."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ArchiveError, ImageError, NotFound
from prosvet.core.types import Gates, View
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examiner
from prosvet.screening.archived import SCORE, ArchivedStudy
from prosvet.screening.calibrations import Calibration
from prosvet.screening.decide import Decision, Seen, decide, early

__all__ = ["Screener"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Screener:
    """Decides on studies by one calibration and the films that it knows."""

    context: Context
    calibration: Calibration
    known: NDArray[np.float32]

    def decide(self, study: ArchivedStudy) -> tuple[Decision, tuple[Seen, ...]]:
        """The decision, and the films as they were seen.

        The archive's own gates and scores may send a study to a doctor at once; to release it, every film is read
        again.
        """
        kept = tuple(_kept(film.gates, film.view, film.score) for film in study.films)
        quick = early(study.age, kept, self.calibration)
        if quick is not None:
            return quick, kept
        try:
            films = tuple(self._look(film.id, film.view) for film in study.films)
        except (ImageError, ArchiveError, NotFound) as error:
            log.warning("a film of study %s cannot be read: %s", study.id, error.code)
            return Decision("abstain", "unreadable"), kept
        return decide(study.age, films, self.calibration, self.known), films

    def _look(self, image: int, stated: View) -> Seen:
        with self.context.get(Store).read() as db:
            row = db.execute(select(Image.sha256, Image.file).where(Image.id == image)).first()
        if row is None:
            raise NotFound(kind="image", name=str(image))
        film = load_bytes(self.context.get(FileStore).read(row.sha256), row.file, self.context.settings)
        found = self.context.get(Examiner).examine(film, anatomy=True)
        view = View.LATERAL if stated is View.LATERAL else found.gates.view
        complete = found.anatomy is not None and found.anatomy.complete
        return Seen(found.gates, view, found.scores.get(SCORE), found.vector, complete, found.scores)


def _kept(gates: dict[str, object], view: View, score: float | None) -> Seen:
    return Seen(Gates.model_validate(gates) if gates else None, view, score)
