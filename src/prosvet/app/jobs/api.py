"""The capability jobs: what runs in the background, one job, cancel it, let it go on again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.app.jobs.runner import Runner
from prosvet.app.jobs.view import JobState, JobView, spoken
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.types import Frozen

__all__ = ["JobsRequest", "JobsResult", "run", "under_way"]


class JobsRequest(Frozen):
    """What to do, and with which job."""

    action: Literal["list", "show", "cancel", "resume"] = Field(
        default="list", description="list, show, cancel or resume."
    )
    job: str = Field(default="", description="Id of the job, for all but list.")
    states: tuple[JobState, ...] = Field(default=(), description="List only these; all when empty.")
    limit: int = Field(default=50, ge=1, le=1000, description="At most so many.")
    offset: int = Field(default=0, ge=0, le=1_000_000_000, description="Skip so many first.")


class JobsResult(Frozen):
    """Jobs, the newest first, and how many there are in all; for one job, that one as it is now."""

    total: int
    jobs: tuple[JobView, ...]


def run(request: JobsRequest, context: Context) -> JobsResult:
    """List, show, cancel or resume. Of others' jobs only seniors know.

    Raises
    ------
    NotFound
        When there is no such job, or it is not for this person to see.
    JobRefused
        When the job has ended and cannot be cancelled, or is under way or done and cannot be resumed.
    """
    runner, actor = context.get(Runner), context.actor
    if request.action == "list":
        total, jobs = runner.book.page(actor, request.states, request.limit, request.offset)
        return JobsResult(total=total, jobs=tuple(spoken(job, context.lang) for job in jobs))
    if request.action == "show":
        return JobsResult(total=1, jobs=(spoken(runner.book.get(request.job, actor), context.lang),))
    view = (runner.book.cancel if request.action == "cancel" else runner.book.resume)(request.job, actor)
    AuditLog.from_context(context).write(f"job {request.action}", job=view.id)
    runner.moved(view.id)
    return JobsResult(total=1, jobs=(view,))


def under_way(capability: str, context: Context) -> list[JobView]:
    """Its jobs that run, or wait for their turn, as far as whoever asks may see them."""
    found = run(JobsRequest(states=("waiting", "running"), limit=100), context).jobs
    return [job for job in found if job.capability == capability]
