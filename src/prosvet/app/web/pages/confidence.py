"""/screening/confidence: the measures of doubt on the site's own labels, their curves, and which one to use."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse

from prosvet.app.confidence_curves import curves_chart
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.uploads import kept
from prosvet.app.web.render import page
from prosvet.screening.confidence.api import ConfidenceRequest, run

__all__ = ["router"]

router = APIRouter(prefix="/screening/confidence", dependencies=[Depends(require("senior"))])


@router.get("")
def confidence(request: Request, context: ContextDep) -> HTMLResponse:
    """The page, before anything is compared."""
    return page(request, context, "confidence.html")


@router.post("")
def compare(
    request: Request,
    context: ContextDep,
    labels: Annotated[UploadFile, File()],
    across: Annotated[Literal["patient", "source"], Form()] = "patient",
) -> HTMLResponse:
    """The comparison, in place of the invitation."""
    with TemporaryDirectory(prefix="prosvet-") as folder:
        found = run(ConfidenceRequest(labels=kept(labels, Path(folder)), across=across), context)
    return page(request, context, "_confidence.html", found=found, chart=curves_chart(found, context.lang))
