"""The film that a page is about: the one that was named, or those to choose from."""

from __future__ import annotations

from sqlalchemy import select

from prosvet.app.http.routes.images import info
from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.types import View
from prosvet.reading.chosen import chosen_image
from prosvet.reading.stored import images_of

__all__ = ["film_choice", "recent_studies"]

_RECENT = 8


def film_choice(study: str, image: int | None, context: Context) -> dict[str, object]:
    """What ``_film_choice.html`` shows: the films of `study`, the one that is meant first, else recent studies.

    Raises
    ------
    NotFound
        When the study is not there for the context's actor, or has no such image.
    BlindReading
        When the actor reads it blind.
    """
    wanted = study.strip()
    if not wanted:
        return {"study": "", "image": None, "images": (), "recent": recent_studies(context)}
    chosen = chosen_image(wanted, image, context)
    AuditLog.from_context(context).write("view", study=chosen.study)
    rest = [one for one in images_of(wanted, context) if one.id != chosen.id]
    images = tuple(info(one) for one in (chosen, *rest))
    return {"study": wanted, "image": chosen, "images": images, "recent": ()}


def recent_studies(context: Context, most: int = _RECENT) -> list[tuple[str, int]]:
    """The studies with a frontal film that came last, of those the actor may see: (study, image)."""
    query = (
        select(Study.id, Image.id)
        .join(WorkItem, WorkItem.study_id == Study.id)
        .join(Image, Image.id == WorkItem.image_id)
        .where(visible(context.actor), Image.view == View.FRONTAL.value)
        .order_by(WorkItem.arrived.desc(), WorkItem.study_id)
        .limit(most)
    )
    with context.get(Store).read() as db:
        return [(study, image) for study, image in db.execute(query)]
