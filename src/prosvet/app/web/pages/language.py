"""The first page, and the choice of language and theme."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from prosvet.core.i18n import Lang

__all__ = ["router"]

router = APIRouter()

_YEAR = 365 * 24 * 3600


@router.get("/")
def first() -> RedirectResponse:
    """The worklist is where the day begins."""
    return RedirectResponse("/worklist", 307)


@router.post("/choose")
def choose(
    lang: Annotated[Lang | None, Form()] = None,
    theme: Annotated[Literal["dark", "light"] | None, Form()] = None,
    back: Annotated[str, Form()] = "/",
) -> Response:
    """Remember the choice in this browser and go back to a page of ours."""
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(safe, 303)
    for name, value in (("lang", lang), ("theme", theme)):
        if value is not None:
            response.set_cookie(name, value, max_age=_YEAR, samesite="lax", httponly=True)
    return response
