"""The viewer over the whole window, for a second screen: ``/viewer/STUDY``."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.routes.images import ImageInfo, info
from prosvet.app.web.render import page
from prosvet.app.web.words import filters
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.i18n import text
from prosvet.reading.stored import images_of, prior_of

__all__ = ["Shown", "router", "shown"]

router = APIRouter()


@dataclass(frozen=True)
class Shown:
    """What the template's macro takes of a study; ``label`` stands in the corner of its films."""

    study: str
    label: str
    images: tuple[ImageInfo, ...]


@router.get("/viewer/{study}")
def viewer(study: str, request: Request, context: ContextDep, prior: str | None = None) -> HTMLResponse:
    """The films of a study, and those of an earlier one (`prior`, or the last before it) beside them."""
    ensure_visible(context.get(Store), study, context.actor)
    AuditLog.from_context(context).write("view", study=study)
    earlier = prior or prior_of(study, context)
    if prior is not None:
        ensure_visible(context.get(Store), prior, context.actor)
    now = shown(study, context, "viewer.current_label" if earlier else None)
    if not now.images:
        raise NotFound(kind="image", name=study)
    before = shown(earlier, context, "viewer.prior_label") if earlier else None
    values = {"study": study, "images": now.images, "label": now.label, "prior": before}
    return page(request, context, "viewer.html", **values)


def shown(study: str, context: Context, kind: str | None = None) -> Shown:
    """A study for the macro; `kind` is the key of a word put before its date."""
    date = context.get(Store).lookup_studies([study])[study].date
    words = [text(kind, context.lang)] if kind else []
    words += [filters(context.lang)["date"](date)] if date else []
    return Shown(study, ", ".join(words), tuple(info(image) for image in images_of(study, context)))
