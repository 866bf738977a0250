"""`/v1/synthesize`: images from words as jobs, their previews and files, pairs, the check of a file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response

from prosvet.app.http.accepted import accepted
from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf
from prosvet.app.jobs.view import JobView
from prosvet.core.context import Context
from prosvet.synthesis import gallery_api, inspect_api
from prosvet.synthesis.api import SynthesizeRequest
from prosvet.synthesis.collection.api import SetRequest
from prosvet.synthesis.door import card_of
from prosvet.synthesis.gallery import NAME, Gallery, new_name
from prosvet.synthesis.gallery_api import GalleryRequest, GalleryResult
from prosvet.synthesis.inspect_api import InspectRequest, InspectResult
from prosvet.synthesis.pair_api import PairRequest

__all__ = ["begin", "router"]

router = APIRouter(prefix="/v1/synthesize", tags=["synthesis"])

Name = Annotated[str, Path(pattern=NAME, description="Name in the gallery.", examples=["8218534caa2b0645"])]
File = Literal["image.png", "image.dcm", "normal.png", "pair.png", "preview.png"]

_IMAGE = BodyOf(SynthesizeRequest, without=("out", "name"))
_PAIR = BodyOf(PairRequest, without=("out", "name"))
_INSPECT = BodyOf(InspectRequest)
_BYTES = {"schema": {"type": "string", "format": "binary"}}


def begin(asked: SynthesizeRequest | PairRequest, response: Response, context: Context) -> tuple[JobView, str]:
    """Put a job in under a new name; a film that came with it is kept until the image is made.

    Raises
    ------
    ModelNotFound, ModelError
        At once, when the generator is not there.
    """
    card_of(asked.generator, context.settings.home)
    gallery, name = context.get(Gallery), new_name()
    gallery.sweep()
    changes: dict[str, object] = {"name": name}
    start = getattr(asked, "start", None)
    if start is not None:
        gallery.write(name, "start", start.read_bytes())
        changes["start"] = gallery.path(name, "start")
    capability = "synthesize.pair" if isinstance(asked, PairRequest) else "synthesize"
    job = accepted(capability, asked.model_copy(update=changes), response, context)
    response.headers["Content-Location"] = f"/v1/synthesize/{name}"
    return job, name


@router.post("", status_code=202, summary="Make an image", openapi_extra=_IMAGE.openapi())
def synthesize(body: Annotated[SynthesizeRequest, Depends(_IMAGE)], response: Response, context: ContextDep) -> JobView:
    """Put a job in; `Content-Location` says where the image will be, and its preview until then."""
    return begin(body, response, context)[0]


@router.post("/pair", status_code=202, summary="Make a pair", openapi_extra=_PAIR.openapi())
def pair(body: Annotated[PairRequest, Depends(_PAIR)], response: Response, context: ContextDep) -> JobView:
    """Put a job in that makes a normal image and one with the finding, and compares them."""
    return begin(body, response, context)[0]


@router.post("/set", status_code=202, summary="Make a set for retraining")
def collection(asked: SetRequest, response: Response, context: ContextDep) -> JobView:
    """Put a job in that makes films of one finding, even over places and severities, each with a normal twin."""
    card_of(asked.generator, context.settings.home)
    return accepted("synthesize.set", asked, response, context)


@router.post("/inspect", summary="Check a file", openapi_extra=_INSPECT.openapi())
def inspect(body: Annotated[InspectRequest, Depends(_INSPECT)], context: ContextDep) -> InspectResult:
    """Which marks of a synthetic image it carries. The file is not kept."""
    return inspect_api.run(body, context)


@router.get("", summary="List images")
def list_(context: ContextDep, limit: Annotated[int, Query(ge=1, le=500)] = 24) -> GalleryResult:
    """What was made, the latest first, the generators there are, and what is in memory."""
    return gallery_api.run(GalleryRequest(limit=limit), context)


@router.get("/{name}", summary="Show an image")
def show(name: Name, context: ContextDep) -> GalleryResult:
    """Everything that it was made with."""
    return gallery_api.run(GalleryRequest(action="show", name=name), context)


@router.delete("/{name}", summary="Delete an image")
def delete(name: Name, context: ContextDep) -> GalleryResult:
    """It and all that was kept with it."""
    return gallery_api.run(GalleryRequest(action="delete", name=name), context)


@router.get(
    "/{name}/{file}", summary="Download an image", response_class=Response,
    responses={200: {"content": {"image/png": _BYTES, "application/dicom": _BYTES}, "description": "The file."}},
)  # fmt: skip
def download(name: Name, file: File, context: ContextDep) -> Response:
    """PNG or DICOM, each with all it was made with; `preview.png` while the image is being made."""
    gallery = context.get(Gallery)
    if file != "preview.png":
        gallery.entry(name, context.actor)
    kind = "application/dicom" if file.endswith(".dcm") else "image/png"
    shown = "inline" if kind == "image/png" else "attachment"
    headers = {
        "Content-Disposition": f'{shown}; filename="synthetic-{name}-{file}"',
        "Cache-Control": "no-store",
    }
    return Response(gallery.read(name, file), media_type=kind, headers=headers)
