"""/hospital: what comes in, what is worked on, what waits to go out, and why it does."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.web.render import page
from prosvet.core.context import Context
from prosvet.core.i18n import text
from prosvet.hospital.flow.outbox_api import OutboxRequest, OutboxResult, run

__all__ = ["router"]

router = APIRouter(prefix="/hospital", dependencies=[Depends(require("reader"))])

_SENIOR = [Depends(require("senior"))]
_Number = Annotated[int, Form(ge=1)]


@router.get("")
def show(request: Request, context: ContextDep) -> HTMLResponse:
    """The whole page."""
    return page(request, context, "hospital.html", **_values(run(OutboxRequest(), context), context))


@router.get("/state")
def state(request: Request, context: ContextDep) -> HTMLResponse:
    """The part of it that changes, which the page asks for every few seconds."""
    return page(request, context, "_hospital_state.html", **_values(run(OutboxRequest(), context), context))


@router.post("/resend", dependencies=_SENIOR)
def resend(context: ContextDep, result: _Number) -> Response:
    """Send one result again."""
    return _done(OutboxRequest(action="resend", results=(result,)), context)


@router.post("/resend-all", dependencies=_SENIOR)
def resend_all(context: ContextDep) -> Response:
    """Send every dead letter again."""
    return _done(OutboxRequest(action="resend", all_dead=True), context)


@router.post("/drop", dependencies=_SENIOR)
def drop(context: ContextDep, result: _Number) -> Response:
    """Give one result up for good."""
    return _done(OutboxRequest(action="drop", results=(result,)), context)


@router.post("/again", dependencies=_SENIOR)
def again(context: ContextDep, exam: Annotated[str, Form(max_length=60)]) -> Response:
    """Work again on an exam that was given up."""
    return _done(OutboxRequest(action="again", exams=(exam,)), context)


def _done(request: OutboxRequest, context: Context) -> Response:
    run(request, context)
    return RedirectResponse(f"/hospital?done={request.action}", 303)


def _values(result: OutboxResult, context: Context) -> dict[str, object]:
    facts = result.facts
    return {
        "result": result,
        "facts": facts,
        "oldest_exam": _age(facts.oldest_exam_seconds, context) if facts else "",
        "oldest_result": _age(facts.oldest_result_seconds, context) if facts else "",
    }


def _age(seconds: float, context: Context) -> str:
    """How long, in the unit that a person would use."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return text(f"flow.age.{unit}", context.lang, n=round(seconds / size))
    return text("flow.age.s", context.lang, n=round(seconds))
