"""/help: a tour of five minutes, the keys, what the words of status mean, and what the model cannot do."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from prosvet.app.http.deps import ContextDep
from prosvet.app.web.render import page
from prosvet.models.examine import Examiner

__all__ = ["router"]

router = APIRouter()


@router.get("/help")
def tour(request: Request, context: ContextDep) -> HTMLResponse:
    """The tour, with the limits of the model that reads here, from its card."""
    return page(request, context, "help.html", card=context.get(Examiner).card)
