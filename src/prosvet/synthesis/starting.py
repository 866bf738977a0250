"""A film to go on from: a file or a film of the archive, prepared as the generator's training films were."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sqlalchemy import select

from prosvet.archive.blind import ensure_open
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import View
from prosvet.imaging.film import Film
from prosvet.imaging.geometry import letterbox
from prosvet.imaging.load import load_bytes, load_film
from prosvet.models.prepare import prepare
from prosvet.synthesis.make import Start
from prosvet.synthesis.zones import Anatomist, Region, region_mask

__all__ = ["Given", "given_film", "start_from"]

_ROUND = 6  # pixels of 256 by which a region grows: what lies at its edge may change too


@dataclass(frozen=True)
class Given:
    """A film that was given, and the study it is of (None for a file)."""

    film: Film
    study: str | None


def given_film(path: Path | None, study: str | None, image: int | None, context: Context) -> Given | None:
    """The film that a request names, None where it names none; one of the archive leaves a line in the audit log.

    Raises
    ------
    NotFound, ImageError, BlindReading
    """
    if path is not None:
        return Given(load_film(path, context.settings), None)
    if study is None:
        return None
    store = context.get(Store)
    ensure_visible(store, study, context.actor)
    ensure_open(store, study, context.actor)
    query = select(Image.id, Image.sha256, Image.file, Image.view).where(Image.study_id == study).order_by(Image.id)
    with store.read() as db:
        rows = db.execute(query).all()
    wanted = [r for r in rows if r.id == image] if image is not None else rows
    wanted = [r for r in wanted if r.view == View.FRONTAL.value] or wanted
    if not wanted:
        raise NotFound(kind="image", name=str(image) if image is not None else study)
    AuditLog.from_context(context).write("synthesize from", study=study)
    data = context.get(FileStore).read(wanted[0].sha256)
    return Given(load_bytes(data, wanted[0].file, context.settings), study)


def start_from(given: Given, size: int, strength: float, region: Region | None, context: Context) -> Start:
    """Where the generator begins.

    Raises
    ------
    SynthesisError
        When the region is not found on the film.
    """
    square, _ = letterbox(prepare(given.film).content, size)
    picture: NDArray[np.float32] = np.clip(square, 0, 1).astype(np.float32)
    if region is None:
        return Start(picture, strength)
    mask = region_mask(context.get(Anatomist).masks(picture), region)
    wide = ndimage.binary_dilation(mask, iterations=max(1, round(_ROUND * size / 256)))
    return Start(picture, strength, wide.astype(np.float32))
