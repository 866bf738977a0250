"""`/v1/jobs`: what runs in the background, with its progress; `POST /v1/ingest` puts one in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from prosvet.app.http.accepted import accepted
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.sse import job_events, stream
from prosvet.app.jobs.api import JobsRequest, JobsResult, run
from prosvet.app.jobs.view import JobState, JobView
from prosvet.archive.api import IngestRequest
from prosvet.core.errors import LoopbackOnly

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["jobs"])

_EVENTS = {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events until the end."}


@router.get("/jobs", summary="List jobs")
def list_(
    context: ContextDep,
    state: Annotated[list[JobState], Query(description="Only these; may be repeated.")] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000_000)] = 0,
) -> JobsResult:
    """Jobs, the newest first: one's own, and for seniors everybody's."""
    return run(JobsRequest(states=tuple(state), limit=limit, offset=offset), context)


@router.get("/jobs/{job}", summary="Show a job")
def show(job: str, context: ContextDep) -> JobView:
    """How far it is, its result, or why it failed."""
    return run(JobsRequest(action="show", job=job), context).jobs[0]


@router.delete("/jobs/{job}", summary="Cancel a job")
def cancel(job: str, context: ContextDep) -> JobView:
    """Stop a job: at once when it waits, at its next item when it runs. What was done is kept."""
    return run(JobsRequest(action="cancel", job=job), context).jobs[0]


@router.post("/jobs/{job}/resume", summary="Resume a job")
def resume(job: str, context: ContextDep) -> JobView:
    """Let a job that failed, was cancelled or was stopped go on from where it was."""
    return run(JobsRequest(action="resume", job=job), context).jobs[0]


@router.get("/jobs/{job}/events", summary="Watch a job", responses={200: _EVENTS}, response_class=StreamingResponse)
def events(job: str, context: ContextDep) -> Response:
    """Server-sent events: `progress` each time the job moves on, `end` when it has ended, each with the whole job."""
    run(JobsRequest(action="show", job=job), context)
    return stream(job_events(job, context))


@router.post("/ingest", status_code=202, summary="Ingest folders", dependencies=[Depends(require("admin"))])
def ingest(body: IngestRequest, request: Request, response: Response, context: ContextDep) -> JobView:
    """Put a job in that takes files and folders of this computer into the archive.

    For admins, and only where the program is reached from its own computer alone: the paths are the server's.
    """
    if request.app.state.accounts:
        raise LoopbackOnly
    return accepted("ingest", body, response, context)
