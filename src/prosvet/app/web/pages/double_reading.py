"""/double-reading: the queues, how far readers agree, the blind form beside the film, and the comparison."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.reader_name import COOKIE, is_name
from prosvet.app.http.routes.images import info
from prosvet.app.web.render import page
from prosvet.archive.filters import StudyFilter
from prosvet.archive.lookup_sources import sources
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest
from prosvet.evaluation.second_opinions.agreement_api import AgreementRequest
from prosvet.evaluation.second_opinions.agreement_api import run as agree
from prosvet.language.vocabulary import SYNDROMES, vocabulary
from prosvet.reading.double.api import DoubleReadingRequest, run
from prosvet.reading.double.form import FORM
from prosvet.reading.double.queues import QUEUES, Queue
from prosvet.reading.double.sending import Draw, Second
from prosvet.reading.double.views import ReadingView
from prosvet.reading.stored import images_of

__all__ = ["router"]

router = APIRouter(prefix="/double-reading", dependencies=[Depends(require("reader"))])

_PAGE = 50
_YEAR = 365 * 24 * 3600
_STATUSES = ("present", "uncertain", "absent", "not_assessed")
_SIDES = ("", "left", "right", "bilateral")


@router.get("")
def queues(request: Request, context: ContextDep, queue: Queue = "mine", offset: int = 0) -> HTMLResponse:
    """One queue."""
    asked = DoubleReadingRequest(action="list", queue=queue, limit=_PAGE, offset=max(0, offset))
    found = run(asked, context).queues
    values = {"found": found, "tab": queue, "queues": QUEUES, "size": _PAGE, "offset": max(0, offset)}
    return page(request, context, "double.html", **values, sources=sources(context.get(Store), context.actor))


@router.get("/agreement")
def agreement(request: Request, context: ContextDep) -> HTMLResponse:
    """Agreement by finding, of people with people and with the program."""
    counts = run(DoubleReadingRequest(action="list", limit=1), context).queues
    tables = [agree(AgreementRequest(second=second), context) for second in ("person", "program")]
    return page(request, context, "double_agreement.html", found=counts, tab="agreement", queues=QUEUES, tables=tables)


@router.post("/name")
def name(request: Request, reader: Annotated[str, Form(max_length=60)] = "") -> Response:
    """Say who sits at this computer; only where there are no accounts."""
    if request.app.state.accounts or not (is_name(reader.strip()) or not reader.strip()):
        raise InvalidRequest(name="reader", reason="reader_name")
    response = RedirectResponse("/double-reading", 303)
    response.set_cookie(COOKIE, reader.strip(), max_age=_YEAR, samesite="lax", httponly=True)
    return response


@router.post("/send")
def send(
    request: Request,
    context: ContextDep,
    how: Annotated[Literal["sample", "list"], Form()] = "sample",
    second: Annotated[Second, Form()] = "person",
    n: Annotated[int, Form(ge=1, le=10_000)] = 10,
    seed: Annotated[int, Form(ge=0)] = 0,
    source: Annotated[str, Form(max_length=200)] = "",
    studies: Annotated[str, Form(max_length=200_000)] = "",
) -> HTMLResponse:
    """Send studies; answers with a line that says how many."""
    if how == "list":
        asked = DoubleReadingRequest(action="send", studies=tuple(studies.replace(",", " ").split()), second=second)
    else:
        draw = Draw(n=n, seed=seed, filters=StudyFilter(source=source or None))
        asked = DoubleReadingRequest(action="send", draw=draw, second=second)
    return page(request, context, "_double_sent.html", sent=run(asked, context).sent)


@router.get("/{study}")
def reading(study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """What this person may see of the reading: the invitation, the form, or the comparison."""
    view = _required(DoubleReadingRequest(action="show", study=study), context)
    films = [info(image) for image in images_of(study, context)]
    values: dict[str, Any] = {"view": view, "images": films, "statuses": _STATUSES, "sides": _SIDES}
    if view.step == "read":
        values |= _form(view, context)
    return page(request, context, "double_study.html", **values)


@router.post("/{study}/begin")
def begin(study: str, context: ContextDep) -> Response:
    """Take a part of the reading."""
    run(DoubleReadingRequest(action="begin", study=study), context)
    return RedirectResponse(f"/double-reading/{study}", 303)


@router.post("/{study}/save")
async def save(study: str, request: Request, context: ContextDep) -> HTMLResponse:
    """Keep the form as it stands."""
    form = {key: str(value) for key, value in (await request.form()).items()}
    _keep(study, form, context)
    return page(request, context, "_double_saved.html")


@router.post("/{study}/sign")
async def sign(study: str, request: Request, context: ContextDep) -> Response:
    """Keep the form and sign it."""
    form = {key: str(value) for key, value in (await request.form()).items()}
    _keep(study, form, context)
    run(DoubleReadingRequest(action="sign", study=study), context)
    return RedirectResponse(f"/double-reading/{study}", 303)


@router.post("/{study}/resolve")
async def resolve(study: str, request: Request, context: ContextDep) -> Response:
    """Keep a decision for every difference."""
    form = {key: str(value) for key, value in (await request.form()).items()}
    body = {"action": "resolve", "study": study, "decisions": _answers(form), "comment": form.get("comment", "")}
    run(_checked(body), context)
    return RedirectResponse(f"/double-reading/{study}", 303)


def _keep(study: str, form: dict[str, str], context: Context) -> None:
    body = {"action": "save", "study": study, "findings": _answers(form), "comment": form.get("comment", "")}
    run(_checked(body), context)


def _checked(body: dict[str, Any]) -> DoubleReadingRequest:
    try:
        return DoubleReadingRequest.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidRequest(name=".".join(map(str, first["loc"])), reason=first["msg"]) from None


def _answers(form: dict[str, str]) -> dict[str, dict[str, str | None]]:
    """``status.CONCEPT``, ``side.CONCEPT`` and ``note.CONCEPT`` of the form; a side goes with what is there."""
    answers: dict[str, dict[str, str | None]] = {}
    for key, status in form.items():
        kind, _, concept = key.partition(".")
        if kind != "status" or not concept:
            continue
        side = form.get(f"side.{concept}") or None
        answers[concept] = {
            "status": status,
            "side": side if status in ("present", "uncertain") else None,
            "comment": form.get(f"note.{concept}", "").strip(),
        }
    return answers


def _form(view: ReadingView, context: Context) -> dict[str, Any]:
    """The groups of the form and what may be added to it."""
    mine = view.mine.findings if view.mine else {}
    added = tuple(concept for concept in mine if concept not in FORM)
    words = vocabulary().concepts
    rest = sorted(
        ((name, concept.names[context.lang]) for name, concept in words.items() if name not in (*FORM, *added)),
        key=lambda pair: pair[1],
    )
    groups = (("moscow", SYNDROMES), ("others_group", FORM[len(SYNDROMES) :]), ("added", added))
    return {
        "groups": groups, "rest": [pair for pair in rest if pair[0] not in ("normal", "abnormal")], "mine": mine,
        "sided": {name for name, concept in words.items() if concept.sided},
    }  # fmt: skip


def _required(request: DoubleReadingRequest, context: Context) -> ReadingView:
    view = run(request, context).reading
    if view is None:
        raise ValueError("this action always answers with a reading")
    return view
