"""A study's results as DICOM objects: SR, text SR, SEG, Secondary Capture, PDF."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from prosvet.app.http.attachment import attachment
from prosvet.app.http.deps import ContextDep
from prosvet.core.i18n import Lang
from prosvet.core.optional import require
from prosvet.hospital.objects.kinds import Charset, Kind

__all__ = ["router"]

router = APIRouter(prefix="/v1/studies/{study}/results", tags=["results"])

StudyId = Annotated[str, Path(max_length=200, description="Id of the study.", examples=["SQXC6ZTZW2AEQ"])]


@router.get(
    "/{kind}",
    response_class=Response,
    responses={200: {"content": {"application/dicom": {}}, "description": "The object."}},
)
def export_result(
    study: StudyId,
    kind: Annotated[Kind, Path(description="Which object.")],
    context: ContextDep,
    lang: Annotated[Lang | None, Query(description="Of an unsigned result.")] = None,
    charset: Annotated[Charset, Query(description="Characters of its text.")] = "ISO_IR 192",
) -> Response:
    """One object; ``X-Basis`` tells if it is of a signed protocol, ``X-Identified`` if it names the patient."""
    require("highdicom", "hospital")
    from prosvet.hospital.objects.api import ResultsRequest, run

    made = run(ResultsRequest(study=study, kind=kind, lang=lang, charset=charset), context)
    return attachment(made, "application/dicom")
