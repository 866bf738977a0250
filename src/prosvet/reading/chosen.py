"""Which film of a study is meant, for whoever may see it and does not read it blind."""

from __future__ import annotations

from prosvet.archive.blind import ensure_open
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import View
from prosvet.reading.stored import StoredImage, images_of

__all__ = ["chosen_image"]


def chosen_image(study: str, image: int | None, context: Context) -> StoredImage:
    """The image of `study` that is meant: the one named, else the first frontal one, else the first.

    Raises
    ------
    NotFound
        When the study is not there for the context's actor, or has no such image.
    BlindReading
        When the actor reads it blind.
    """
    ensure_visible(context.get(Store), study, context.actor)
    ensure_open(context.get(Store), study, context.actor)
    images = images_of(study, context)
    if image is None:
        images = [one for one in images if one.view is View.FRONTAL] or images
    else:
        images = [one for one in images if one.id == image]
    if not images:
        raise NotFound(kind="image", name=str(image) if image is not None else study)
    return images[0]
