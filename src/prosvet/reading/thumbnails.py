"""Small pictures of stored films: made when first asked for, kept in the archive, gone with the patient."""

from __future__ import annotations

import logging

from sqlalchemy import insert, select

from prosvet.archive.schema import Image
from prosvet.archive.schema_work import Thumbnail
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import AlreadyRunning
from prosvet.imaging.thumbnail import FORMAT, SIDES, thumbnail
from prosvet.reading.stored import StoredImage, film_of

__all__ = ["kept_side", "stored_thumbnail"]

log = logging.getLogger(__name__)


def kept_side(side: int) -> int:
    """The smallest side that is kept and shows at least `side` pixels.

    Examples
    --------
    >>> kept_side(200), kept_side(4000)
    (256, 512)
    """
    return next((kept for kept in SIDES if kept >= side), SIDES[-1])


def stored_thumbnail(image: StoredImage, side: int, context: Context) -> bytes:
    """The WebP of an image, its longer side as :func:`kept_side` has it.

    Raises
    ------
    NotFound, ArchiveError, ImageError
        When the film itself cannot be read.
    """
    store, kept = context.get(Store), kept_side(side)
    with store.read() as db:
        query = select(Thumbnail.data).where(Thumbnail.image_id == image.id, Thumbnail.side == kept)
        known = db.execute(query).scalar_one_or_none()
    if known is not None:
        return known
    data = thumbnail(film_of(image, context, windowed=False), kept)
    try:
        _keep(store, image.id, kept, data)
    except AlreadyRunning:
        log.info("a long write holds the archive: the thumbnail of image %s is kept another time", image.id)
    return data


def _keep(store: Store, image: int, side: int, data: bytes) -> None:
    with store.note() as db:
        there = db.execute(select(Image.id).where(Image.id == image)).first()  # erased while we drew?
        ours = select(Thumbnail.side).where(Thumbnail.image_id == image, Thumbnail.side == side)
        if there and db.execute(ours).first() is None:
            db.execute(insert(Thumbnail).values(image_id=image, side=side, format=FORMAT, data=data))
