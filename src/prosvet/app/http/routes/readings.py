"""Two readings of one film, and the picture of a film with one finding's heat map."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.revalidation import known, revalidated, tag_of, unchanged
from prosvet.core.audit import AuditLog
from prosvet.reading.chosen import chosen_image
from prosvet.reading.compare_api import CompareReadingsRequest, CompareReadingsResult, run
from prosvet.reading.film_picture import heat_jpeg
from prosvet.reading.prior_api import PriorRequest, PriorResult
from prosvet.reading.prior_api import run as compare_with_prior
from prosvet.reading.several import Several
from prosvet.reading.stored import film_of

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["reading"])


@router.post("/compare-readings", summary="Compare two readings of a film")
def compare_readings(request: CompareReadingsRequest, context: ContextDep) -> CompareReadingsResult:
    """Findings side by side, differences first, and both drafts; `stored` is what the archive keeps of the film."""
    return run(request, context)


@router.post("/compare-prior", summary="Compare a study with the patient's previous one")
def compare_prior(request: PriorRequest, context: ContextDep) -> PriorResult:
    """What is new, gone or still there; sizes are not compared, the heart's ratio excepted."""
    return compare_with_prior(request, context)


@router.get(
    "/readings/{study}/picture",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "JPEG"}, 304: {"description": "As it was."}},
    summary="Film with a finding's heat map",
)
def picture(
    study: str,
    request: Request,
    context: ContextDep,
    image: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="The first frontal one by default.")] = None,
    concept: Annotated[str | None, Query(max_length=64, description="Finding; the film alone without it.")] = None,
    model: Annotated[str | None, Query(max_length=100, description="Card; that of the settings by default.")] = None,
    width: Annotated[int, Query(ge=128, le=2048, description="Pixels.")] = 640,
) -> Response:
    """A picture for a page: never to diagnose from."""
    found = chosen_image(study, image, context)
    AuditLog.from_context(context).write("picture", study=found.study, image=found.id)
    several = context.get(Several)
    tag = tag_of(found.version, several.examiner(model).ref, concept, width, context.lang)
    if known(request, tag):
        return unchanged(tag)
    examination, looked = several.examine(film_of(found, context, windowed=True), model)
    data = heat_jpeg(examination, looked.findings, concept, width, context.lang)
    return Response(data, media_type="image/jpeg", headers=revalidated(tag))
