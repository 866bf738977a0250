"""/synthesize: an image or a pair from words, with previews while it is made; the gallery; the check of a file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.routes.synthesis import Name, begin
from prosvet.app.http.uploads import BodyOf
from prosvet.app.web.render import page
from prosvet.core.context import Context
from prosvet.core.i18n import catalogue
from prosvet.synthesis import gallery_api, inspect_api
from prosvet.synthesis.api import SynthesizeRequest
from prosvet.synthesis.gallery_api import GalleryRequest
from prosvet.synthesis.inspect_api import InspectRequest
from prosvet.synthesis.pair_api import PairRequest
from prosvet.synthesis.sampling import SCHEDULERS
from prosvet.synthesis.zones import REGIONS

__all__ = ["router"]

router = APIRouter(prefix="/synthesize")

TEMPLATES = ("normal", "pneumonia", "pneumonia_left", "tuberculosis", "effusion", "cardiomegaly", "opacity")
_MEGA = 2**20


class _Form(SynthesizeRequest):
    """The form: one image or a pair."""

    mode: Literal["image", "pair"] = "image"


_MAKE, _INSPECT = BodyOf(_Form, without=("out", "name")), BodyOf(InspectRequest)


@router.get("")
def synthesize_page(request: Request, context: ContextDep, again: str = "") -> HTMLResponse:
    """The form, filled as for the picture `again` where one is named."""
    words = catalogue(context.lang)
    prompts = [(words[f"synthesis.templates.{name}"], words[f"synthesis.prompts.{name}"]) for name in TEMPLATES]
    values = _gallery(context) | {"templates": prompts, "schedulers": SCHEDULERS, "regions": REGIONS}
    kept = gallery_api.run(GalleryRequest(limit=500), context).pictures if again else ()
    before = next((one for one in kept if one.name == again), None)
    return page(request, context, "synthesize.html", before=before, **values)


@router.post("")
def make(request: Request, body: Annotated[_Form, Depends(_MAKE)], context: ContextDep) -> HTMLResponse:
    """Put the job in; the part of the page that watches it."""
    given = body.model_dump(exclude={"mode"}, exclude_unset=True)
    asked: SynthesizeRequest | PairRequest = SynthesizeRequest(**given)
    if body.mode == "pair":
        normal = catalogue(context.lang)["synthesis.prompts.normal"]
        asked = PairRequest(normal=normal, **{k: v for k, v in given.items() if k in PairRequest.model_fields})
    job, name = begin(asked, Response(), context)
    return page(request, context, "_synthesize_job.html", job=job, name=name)


@router.post("/inspect")
def inspect(request: Request, body: Annotated[InspectRequest, Depends(_INSPECT)], context: ContextDep) -> HTMLResponse:
    """What a file says of itself."""
    return page(request, context, "_synthesize_marks.html", found=inspect_api.run(body, context))


@router.get("/gallery")
def gallery(request: Request, context: ContextDep) -> HTMLResponse:
    """The gallery and what is in memory, anew."""
    return page(request, context, "_synthesize_gallery.html", **_gallery(context))


@router.get("/{name}")
def result(request: Request, name: Name, context: ContextDep) -> HTMLResponse:
    """One finished picture or pair."""
    one = gallery_api.run(GalleryRequest(action="show", name=name), context).pictures[0]
    return page(request, context, "_synthesize_result.html", one=one)


@router.post("/{name}/delete")
def delete(request: Request, name: Name, context: ContextDep) -> HTMLResponse:
    """Delete one; the gallery anew."""
    gallery_api.run(GalleryRequest(action="delete", name=name), context)
    return page(request, context, "_synthesize_gallery.html", **_gallery(context))


def _gallery(context: Context) -> dict[str, object]:
    found = gallery_api.run(GalleryRequest(), context)
    memory = found.memory
    mega = (
        {
            "mb": memory.process // _MEGA,
            "peak": memory.peak // _MEGA,
            "weights": memory.weights // _MEGA,
            "device": memory.device // _MEGA,
            "device_peak": memory.device_peak // _MEGA,
        }
        if memory
        else {}
    )
    return {"result": found, "mega": mega}
