"""`/v1/retrospective`: runs over the archive, their ranked disagreements, verdicts, export."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import ConfigDict, Field

from prosvet.app.http.accepted import accepted
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.jobs.view import JobView
from prosvet.archive.filters import StudyFilter
from prosvet.core.types import Frozen
from prosvet.evaluation.second_opinions import tally_api
from prosvet.evaluation.second_opinions.tally_api import TallyRequest, TallyResult
from prosvet.reading.retrospective.api import RetrospectiveRequest, RetrospectiveResult, run
from prosvet.reading.retrospective.lists import Only, Verdict
from prosvet.reading.retrospective.score import Kind

__all__ = ["router"]

router = APIRouter(prefix="/v1/retrospective", tags=["retrospective"], dependencies=[Depends(require("senior"))])

Number = Annotated[int, Path(ge=1, le=2**31, description="Number of the run.")]
StudyId = Annotated[str, Path(max_length=200, description="Id of the study.", examples=["SQXC6ZTZW2AEQ"])]


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class RunBody(Frozen):
    """Which studies; or the run to go on with."""

    model_config = _example(filters={"source": "nih"})

    filters: StudyFilter = StudyFilter()
    number: int | None = Field(default=None, ge=1, le=2**31)


class VerdictBody(Frozen):
    """Who was right, and why."""

    model_config = _example(verdict="missed", comment="Clearly seen in the left apex.")

    verdict: Verdict
    comment: str = Field(default="", max_length=2000)


@router.get("/runs", summary="List runs")
def runs(context: ContextDep) -> RetrospectiveResult:
    """All runs, the latest first."""
    return run(RetrospectiveRequest(action="runs"), context)


@router.post("/runs", status_code=202, summary="Begin a run, or go on with one")
def begin(body: RunBody, response: Response, context: ContextDep) -> JobView:
    """Put a job in; a run of the same model over the same studies that was stopped goes on where it was."""
    request = RetrospectiveRequest(action="run", filters=body.filters, number=body.number)
    return accepted("retrospective", request, response, context)


@router.get("/runs/{number}", summary="List disagreements")
def list_(
    number: Number,
    context: ContextDep,
    only: Only = "all",
    concept: Annotated[str | None, Query(max_length=100)] = None,
    kind: Kind | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> RetrospectiveResult:
    """Worst first."""
    request = RetrospectiveRequest(
        action="list", number=number, only=only, concept=concept, kind=kind, limit=limit, offset=offset
    )  # fmt: skip
    return run(request, context)


@router.get("/runs/{number}/tally", summary="Count the verdicts")
def tally(number: Number, context: ContextDep) -> TallyResult:
    """Shares of verdicts with Wilson's 95 % intervals."""
    return tally_api.run(TallyRequest(number=number), context)


@router.get(
    "/runs/{number}/export", summary="Export as CSV", response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The table."}},
)  # fmt: skip
def export(number: Number, context: ContextDep) -> PlainTextResponse:
    """A line for each disagreement."""
    made = run(RetrospectiveRequest(action="export", number=number), context)
    headers = {"Content-Disposition": f'attachment; filename="retrospective-{number}.csv"'}
    return PlainTextResponse(made.csv or "", headers=headers, media_type="text/csv; charset=utf-8")


@router.get("/runs/{number}/studies/{study}", summary="Show one row")
def show(number: Number, study: StudyId, context: ContextDep) -> RetrospectiveResult:
    """The disagreements of a study, with the texts on record and the sentences in question."""
    return run(RetrospectiveRequest(action="show", number=number, study=study), context)


@router.put("/runs/{number}/studies/{study}/verdict", summary="Judge one row")
def judge(number: Number, study: StudyId, body: VerdictBody, context: ContextDep) -> RetrospectiveResult:
    """Say who was right."""
    request = RetrospectiveRequest(
        action="judge", number=number, study=study, verdict=body.verdict, comment=body.comment
    )  # fmt: skip
    return run(request, context)
