"""/marking: the queue with its reasons, and the page on which one film is marked."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.routes.marks import file_answer
from prosvet.app.http.uploads import kept
from prosvet.app.web.render import page
from prosvet.core.context import Context
from prosvet.language.vocabulary import SYNDROMES, vocabulary
from prosvet.reading.double.form import FORM
from prosvet.training.queue.api import MarksRequest, MarksResult, run
from prosvet.training.queue.desk import CaseView
from prosvet.training.queue.exporting import Which
from prosvet.training.queue.fill import RANDOM_SHARE
from prosvet.training.queue.formats import FORMATS, Format
from prosvet.training.queue.lists import STATES, State
from prosvet.training.queue.reasons import KINDS
from prosvet.training.queue.words import detail_words, kind_words

__all__ = ["router"]

router = APIRouter(prefix="/marking", dependencies=[Depends(require("reader"))])

_PAGE = 40
_STATUSES = ("present", "uncertain", "absent")
_SIDES = ("left", "right", "bilateral", "midline")
_SENIOR = [Depends(require("senior"))]
_KINDS = ("blind", *(kind for kind, rule in KINDS.items() if not rule.blind))


@router.get("")
def listed(
    request: Request, context: ContextDep, state: State = "waiting", kind: str = "", offset: int = 0
) -> HTMLResponse:
    """The queue."""
    chosen = kind if kind in _KINDS else ""
    found = run(MarksRequest(state=state, kind=chosen or None, limit=_PAGE, offset=max(0, offset)), context)
    values = {
        "found": found.queue, "errors": found.errors, "tab": state, "states": STATES, "kind": chosen, "kinds": _KINDS,
        "size": _PAGE, "offset": max(0, offset), "formats": tuple(FORMATS), "share": round(100 * RANDOM_SHARE),
    }  # fmt: skip
    return page(request, context, "marking.html", **values, **_words(context))


@router.post("/queue", dependencies=_SENIOR)
def queue(
    context: ContextDep,
    n: Annotated[int, Form(ge=1, le=10_000)] = 50,
    share: Annotated[float, Form(ge=0, le=100)] = 100 * RANDOM_SHARE,
    seed: Annotated[int, Form(ge=0, le=2**31)] = 0,
) -> Response:
    """Fill it."""
    run(MarksRequest(action="queue", n=n, random_share=share / 100, seed=seed), context)
    return Response(status_code=204, headers={"HX-Redirect": "/marking"})


@router.post("/next")
def next_(context: ContextDep) -> Response:
    """Take the next case."""
    found = run(MarksRequest(action="next"), context)
    return RedirectResponse(f"/marking/{found.case.case}" if found.case else "/marking", 303)


@router.get("/export", dependencies=_SENIOR)
def export(context: ContextDep, format: Format = "csv", which: Which = "marked") -> Response:
    """Marks as a file."""
    return file_answer(run(MarksRequest(action="export", format=format, which=which), context))


@router.post("/import", dependencies=_SENIOR)
def import_(
    request: Request,
    context: ContextDep,
    file: Annotated[UploadFile, File()],
    format: Annotated[Format, Form()] = "csv",
) -> HTMLResponse:
    """Take a file of marks in; answers with a line that says what came of it."""
    with TemporaryDirectory(prefix="prosvet-") as folder:
        done = run(MarksRequest(action="import", file=kept(file, Path(folder)), format=format), context).imported
    return page(request, context, "_marking_imported.html", done=done)


@router.post("/{case}/begin")
def begin(case: int, context: ContextDep) -> Response:
    """Take this case."""
    run(MarksRequest(action="next", case=case), context)
    return RedirectResponse(f"/marking/{case}", 303)


@router.get("/{case}")
def one(case: int, request: Request, context: ContextDep) -> HTMLResponse:
    """A film to mark, or the invitation to begin."""
    view = _shown(run(MarksRequest(action="show", case=case), context))
    values: dict[str, Any] = {"view": view, "statuses": _STATUSES, "sides": _SIDES, **_form(view, context)}
    return page(request, context, "marking_case.html", **values, **_words(context))


def _shown(result: MarksResult) -> CaseView:
    if result.case is None:
        raise RuntimeError("a case that is shown is always there")
    return result.case


def _words(context: Context) -> dict[str, Any]:
    return {
        "kind_words": lambda kind: kind_words(kind, context.lang),
        "detail_words": lambda why: detail_words(why, context.lang),
    }


def _form(view: CaseView, context: Context) -> dict[str, Any]:
    """The findings that are asked, those that the reader added, and the rest of the vocabulary."""
    mine = {finding.concept: finding for finding in view.mine.findings} if view.mine else {}
    aside = ("normal", "abnormal")
    added = tuple(concept for concept in mine if concept not in (*FORM, *aside))
    words = vocabulary().concepts
    rest = sorted(
        ((name, concept.names[context.lang], concept.sided) for name, concept in words.items()
         if name not in (*FORM, *added, *aside)),
        key=lambda row: row[1],
    )  # fmt: skip
    boxes = [{"concept": f.concept, "box": list(box)} for f in mine.values() for box in f.boxes]
    return {
        "groups": (("moscow", SYNDROMES), ("others_group", FORM[len(SYNDROMES) :]), ("added", added)),
        "rest": rest, "mine": mine, "boxes": boxes, "sided": {name for name, one in words.items() if one.sided},
        "names": {name: one.names[context.lang] for name, one in words.items()},
    }  # fmt: skip
