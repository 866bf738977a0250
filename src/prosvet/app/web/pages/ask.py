"""Questions about a film: the film, a question box, and the answers of this visit."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import Field

from prosvet.app.asking import AskRequest, run
from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf
from prosvet.app.web.film_choice import film_choice
from prosvet.app.web.render import page
from prosvet.app.web.vlm_choices import reader_names
from prosvet.core.types import Frozen
from prosvet.imaging.load import load_film
from prosvet.reading.ask.wording import examples
from prosvet.reading.film_picture import heat_jpeg
from prosvet.reading.several import Several

__all__ = ["router"]

router = APIRouter()

_WIDTH = 720


class _Film(Frozen):
    """A file to look at, and the finding to show on it."""

    film: Path
    concept: str | None = Field(default=None, max_length=64)


_ASK, _FILM = BodyOf(AskRequest), BodyOf(_Film)


@router.get("/ask")
def ask_page(
    request: Request,
    context: ContextDep,
    study: Annotated[str, Query(max_length=200)] = "",
    image: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    q: Annotated[str, Query(max_length=500)] = "",
) -> HTMLResponse:
    """Without a study: choose one, or a file. With one: its film beside the questions."""
    values = film_choice(study, image, context)
    values |= {"asked": q, "examples": examples(context.lang), "readers": reader_names(context)}
    return page(request, context, "ask.html", **values)


@router.post("/ask")
def ask_answer(request: Request, body: Annotated[AskRequest, Depends(_ASK)], context: ContextDep) -> HTMLResponse:
    """One answer, for the list of answers."""
    return page(request, context, "_ask_answer.html", found=run(body, context))


@router.post("/ask/film")
def ask_film(request: Request, body: Annotated[_Film, Depends(_FILM)], context: ContextDep) -> HTMLResponse:
    """The film of a file, which is not kept, with the heat map of a finding when one is named."""
    film = load_film(body.film, context.settings)
    examination, looked = context.get(Several).examine(film)
    data = heat_jpeg(examination, looked.findings, body.concept, _WIDTH, context.lang)
    source = "data:image/jpeg;base64," + base64.b64encode(data).decode("ascii")
    return page(request, context, "_ask_film.html", source=source, name=film.name, concept=body.concept)
