"""/jobs: long work with its progress as it goes, cancel, resume, reasons of failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from prosvet.app.http.deps import ContextDep
from prosvet.app.jobs.api import JobsRequest, run
from prosvet.app.jobs.view import STATES, JobState, JobView
from prosvet.app.web.render import page
from prosvet.core.context import Context
from prosvet.core.i18n import Lang, catalogue, numeral, text

__all__ = ["router"]

router = APIRouter()

_PAGE = 20
_SHOWN = 200  # refused files of one job


@dataclass(frozen=True)
class Row:
    """A job and what is said of it in words.

    ``facts`` are the numbers of its result by their names, ``refused`` (file, reason) the rows that were not taken.
    """

    job: JobView
    step: str
    took: str
    facts: tuple[tuple[str, int], ...]
    refused: tuple[tuple[str, str], ...]


@router.get("/jobs")
def jobs(
    request: Request, context: ContextDep, state: JobState | None = None,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> HTMLResponse:  # fmt: skip
    """The jobs, the newest first."""
    wanted = (state,) if state else ()
    result = run(JobsRequest(states=wanted, limit=_PAGE, offset=offset), context)
    rows = [_row(job, context.lang) for job in result.jobs]
    shown = {"state": state, "offset": offset, "size": _PAGE, "total": result.total, "states": STATES}
    return page(request, context, "jobs.html", rows=rows, **shown)


@router.get("/jobs/{job}")
def one(request: Request, context: ContextDep, job: str) -> HTMLResponse:
    """One job: as a part of the list, or on a page of its own."""
    row = _row(run(JobsRequest(action="show", job=job), context).jobs[0], context.lang)
    template = "_job.html" if request.headers.get("HX-Request") == "true" else "job.html"
    return page(request, context, template, row=row)


@router.post("/jobs/{job}/cancel")
def cancel(request: Request, context: ContextDep, job: str) -> HTMLResponse:
    """Ask a job to stop; its part of the list anew."""
    return _changed(request, context, JobsRequest(action="cancel", job=job))


@router.post("/jobs/{job}/resume")
def resume(request: Request, context: ContextDep, job: str) -> HTMLResponse:
    """Let a job go on; its part of the list anew."""
    return _changed(request, context, JobsRequest(action="resume", job=job))


def _changed(request: Request, context: Context, asked: JobsRequest) -> HTMLResponse:
    return page(request, context, "_job.html", row=_row(run(asked, context).jobs[0], context.lang))


def _row(job: JobView, lang: Lang) -> Row:
    result: dict[str, Any] = job.result or {}
    known = catalogue(lang)
    facts = tuple(
        (known[f"jobs.results.{name}"], value)
        for name, value in result.items()
        if isinstance(value, int) and value and f"jobs.results.{name}" in known
    )
    rows = result.get("rows")
    refused = [
        (str(row["file"]), str(row["message"])) for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and {"file", "message"} <= row.keys()
    ]  # fmt: skip
    step = known.get(f"progress.{job.step}", job.step)
    return Row(job, step, _took(job, lang), facts, tuple(refused[:_SHOWN]))


def _took(job: JobView, lang: Lang) -> str:
    """How long an ended job ran, in words; empty for others."""
    if job.started is None or job.finished is None:
        return ""
    seconds = (job.finished - job.started).total_seconds()
    if seconds < 1:
        return text("jobs.instant", lang)
    for unit, size in (("hours", 3600), ("minutes", 60), ("seconds", 1)):
        if seconds >= size:
            digits = 1 if seconds < 10 * size else 0
            return text(f"jobs.{unit}", lang, value=numeral(f"{seconds / size:.{digits}f}", lang))
    return ""
