"""A task about a film: the film, the task, the steps as they are done, and the answer with its evidence."""

from __future__ import annotations

import json
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from prosvet.agent.api import AgentRequest, AgentResult, stream
from prosvet.agent.trace import Step
from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf
from prosvet.app.web.film_choice import film_choice
from prosvet.app.web.render import page
from prosvet.app.web.vlm_choices import planner_names, reader_names
from prosvet.core.context import Context

__all__ = ["router"]

router = APIRouter()

_BODY = BodyOf(AgentRequest)


@router.get("/agent")
def agent_page(
    request: Request,
    context: ContextDep,
    study: Annotated[str, Query(max_length=200)] = "",
    image: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    task: Annotated[str, Query(max_length=2000)] = "",
) -> HTMLResponse:
    """Without a study: choose one, or a file. With one: its film beside the task."""
    values = film_choice(study, image, context)
    values |= {"task": task, "planners": planner_names(context), "readers": reader_names(context)}
    return page(request, context, "agent.html", **values)


@router.post("/agent")
def agent_run(
    request: Request, body: Annotated[AgentRequest, Depends(_BODY)], context: ContextDep
) -> StreamingResponse:  # fmt: skip
    """The steps as they are done, then the answer: a JSON object a line, each with its part of the page."""
    done = stream(body, context)
    first = next(done)  # what cannot be begun at all is an error, not a stream
    lines = (_line(request, context, one) for one in chain((first,), done))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


def _line(request: Request, context: Context, one: Step | AgentResult) -> str:
    if isinstance(one, Step):
        html = page(request, context, "_agent_step.html", step=one, raw=_raw(one))
        return json.dumps({"kind": "step", "html": bytes(html.body).decode()}, ensure_ascii=False) + "\n"
    html = page(request, context, "_agent_answer.html", found=one)
    return json.dumps({"kind": "answer", "html": bytes(html.body).decode()}, ensure_ascii=False) + "\n"


def _raw(step: Step) -> str:
    """What the tool returned, for whoever wants to see all of it."""
    return json.dumps(step.result, ensure_ascii=False, indent=1) if step.result is not None else ""
