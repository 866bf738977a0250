"""`POST /v1/agent`: a task about a film, done step by step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from prosvet.agent.api import AgentRequest, AgentResult, run
from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["reading"])

_BODY = BodyOf(AgentRequest)


@router.post("/agent", summary="Do a task about a film", openapi_extra=_BODY.openapi())
def agent(request: Annotated[AgentRequest, Depends(_BODY)], context: ContextDep) -> AgentResult:
    """The answer with its reasoning, what was asked for, the agreement with the evidence, and the whole trace.

    `trace.stopped` says how it ended; a limit that was reached is an abstention, not an error.
    """
    return run(request, context)
