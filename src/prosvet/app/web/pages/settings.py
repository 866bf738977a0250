"""/settings: language and theme of this browser, what this installation runs with, and whether it is whole."""

from __future__ import annotations

import os

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from prosvet.app.doctor import DoctorRequest
from prosvet.app.doctor import run as examine
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.web.render import page
from prosvet.archive.store import Store
from prosvet.core.settings import Settings

__all__ = ["router"]

router = APIRouter()


@router.get("/settings")
def settings(request: Request, context: ContextDep) -> HTMLResponse:
    """What is set, where it comes from and how to change it. Paths of the server are for its administrator."""
    values = context.settings.model_dump()
    if not context.actor.may("admin"):
        del values["home"]
    defaults = Settings()
    rows = [
        (name, f"PROSVET_{name.upper()}", value, f"PROSVET_{name.upper()}" in os.environ, getattr(defaults, name))
        for name, value in values.items()
        if name != "lang"
    ]
    return page(request, context, "settings.html", rows=rows, counts=context.get(Store).counts())


@router.post("/settings/doctor", dependencies=[Depends(require("admin"))])
def doctor(request: Request, context: ContextDep) -> HTMLResponse:
    """Every check of ``prosvet doctor``, as a part of the page."""
    return page(request, context, "_doctor.html", result=examine(DoctorRequest(), context))
