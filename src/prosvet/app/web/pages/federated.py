"""/federated: who trains together, what each round came to, and what leaves the hospital."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from prosvet.app.http.deps import ContextDep
from prosvet.app.web.render import page
from prosvet.training.federated.api import FederateRequest, run

__all__ = ["router"]

router = APIRouter(prefix="/federated")


@router.get("")
def show(request: Request, context: ContextDep) -> HTMLResponse:
    """Every federation that this archive coordinates."""
    return page(request, context, "federated.html", federations=run(FederateRequest(), context).federations)
