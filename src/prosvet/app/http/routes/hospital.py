"""`/v1/hospital`: what comes in, what is worked on, what waits to go out; sending again and dropping."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field

from prosvet.app.http.deps import ContextDep, require
from prosvet.core.types import Frozen
from prosvet.hospital.flow.outbox_api import STANDING, OutboxRequest, OutboxResult, ResultState, run

__all__ = ["router"]

router = APIRouter(prefix="/v1/hospital", tags=["hospital"], dependencies=[Depends(require("reader"))])


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class ResendBody(Frozen):
    """Which results are to be sent again."""

    model_config = _example(results=[17])

    results: tuple[int, ...] = Field(default=(), max_length=1000)
    all_dead: bool = False


class DropBody(Frozen):
    """Which results are given up for good."""

    model_config = _example(results=[17])

    results: tuple[int, ...] = Field(min_length=1, max_length=1000)


class AgainBody(Frozen):
    """Which exams, of those that were given up, are worked on again."""

    model_config = _example(exams=["SQXC6ZTZW2AEQ"])

    exams: tuple[str, ...] = Field(min_length=1, max_length=1000)


@router.get("", summary="How the exchange stands")
def show(
    context: ContextDep,
    state: Annotated[list[ResultState] | None, Query(description="Of results to show.")] = None,
    destination: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> OutboxResult:
    """Counts, exams that are not done, results on their way; pseudonyms alone."""
    states = tuple(state) if state else STANDING
    return run(OutboxRequest(states=states, destination=destination, limit=limit), context)


@router.post("/resend", summary="Send results again", dependencies=[Depends(require("senior"))])
def resend(body: ResendBody, context: ContextDep) -> OutboxResult:
    """The same objects once more, at once."""
    return run(OutboxRequest(action="resend", results=body.results, all_dead=body.all_dead), context)


@router.post("/drop", summary="Give results up", dependencies=[Depends(require("senior"))])
def drop(body: DropBody, context: ContextDep) -> OutboxResult:
    """Out of the outbox for good."""
    return run(OutboxRequest(action="drop", results=body.results), context)


@router.post("/again", summary="Work on exams again", dependencies=[Depends(require("senior"))])
def again(body: AgainBody, context: ContextDep) -> OutboxResult:
    """Exams that were given up, from the beginning."""
    return run(OutboxRequest(action="again", exams=body.exams), context)
