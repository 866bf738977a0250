"""The capability retrospective: run the current model over the archive, rank disagreements, judge them, export."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prosvet.archive.filters import StudyFilter
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest
from prosvet.core.types import Frozen
from prosvet.reading.retrospective.judging import RowDetail, detail, judge
from prosvet.reading.retrospective.lists import Only, Page, RunView, Verdict, as_csv, listed, runs, selected
from prosvet.reading.retrospective.runner import run_over
from prosvet.reading.retrospective.score import Kind

__all__ = ["RetrospectiveRequest", "RetrospectiveResult", "run"]

Action = Literal["run", "runs", "list", "show", "judge", "export"]
_ALL = 1_000_000


class RetrospectiveRequest(Frozen):
    """One step; each action takes the fields named after it.

    Attributes
    ----------
    filters, number : run
        Which studies; or the run to go on with.
    number : list, show, judge, export
        The run; the latest by default.
    only, concept, kind, limit, offset : list
    study : show, judge
    verdict, comment : judge
    """

    action: Action = "list"
    number: int | None = Field(default=None, ge=1, description="Number of the run.")
    filters: StudyFilter = StudyFilter()
    only: Only = Field(default="all", description="open: not judged yet; judged; all.")
    concept: str | None = Field(default=None, description="Rows whose worst disagreement is on this finding.")
    kind: Kind | None = Field(default=None, description="Rows whose worst disagreement is of this kind.")
    limit: int = Field(default=50, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    study: str | None = None
    verdict: Verdict | None = None
    comment: str = Field(default="", max_length=2000)


class RetrospectiveResult(Frozen):
    """What the step came to: only what belongs to its action is filled. ``csv`` is the text of a file."""

    action: Action
    run: RunView | None = None
    runs: tuple[RunView, ...] = ()
    page: Page | None = None
    detail: RowDetail | None = None
    csv: str | None = None


def run(request: RetrospectiveRequest, context: Context) -> RetrospectiveResult:
    """Take one step.

    Raises
    ------
    Forbidden
        For whoever is not a senior.
    InvalidRequest
        When the action lacks a field, or the run was made by another model.
    NotFound, BlindReading
    """
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    steps = {"run": _run, "runs": _runs, "list": _list, "show": _show, "judge": _judge, "export": _export}
    return steps[request.action](request, context)


def _run(request: RetrospectiveRequest, context: Context) -> RetrospectiveResult:
    number = run_over(request.filters, request.number, context)
    return RetrospectiveResult(action="run", run=selected(number, context))


def _runs(_request: RetrospectiveRequest, context: Context) -> RetrospectiveResult:
    return RetrospectiveResult(action="runs", runs=runs(context))


def _list(request: RetrospectiveRequest, context: Context) -> RetrospectiveResult:
    chosen = _chosen(request, context)
    page = listed(chosen.id, request.only, request.concept, request.kind, request.limit, request.offset, context)
    AuditLog.from_context(context).write("retrospective_list", run=chosen.id, rows=len(page.rows))
    return RetrospectiveResult(action="list", run=chosen, page=page)


def _show(request: RetrospectiveRequest, context: Context) -> RetrospectiveResult:
    chosen, study = _chosen(request, context), _study(request)
    return RetrospectiveResult(action="show", run=chosen, detail=detail(chosen.id, study, context))


def _judge(request: RetrospectiveRequest, context: Context) -> RetrospectiveResult:
    chosen, study = _chosen(request, context), _study(request)
    if request.verdict is None:
        raise InvalidRequest(name="verdict", reason="field_missing")
    judge(chosen.id, study, request.verdict, request.comment, context)
    return RetrospectiveResult(
        action="judge", run=selected(chosen.id, context), detail=detail(chosen.id, study, context)
    )  # fmt: skip


def _export(request: RetrospectiveRequest, context: Context) -> RetrospectiveResult:
    chosen = _chosen(request, context)
    page = listed(chosen.id, request.only, request.concept, request.kind, _ALL, 0, context)
    AuditLog.from_context(context).write("retrospective_export", run=chosen.id, rows=page.total)
    return RetrospectiveResult(action="export", run=chosen, csv=as_csv(page.rows))


def _study(request: RetrospectiveRequest) -> str:
    if request.study is None:
        raise InvalidRequest(name="study", reason="field_missing")
    return request.study


def _chosen(request: RetrospectiveRequest, context: Context) -> RunView:
    """The run that is named, or the latest.

    Raises
    ------
    InvalidRequest
        When none is named and there is none.
    """
    if request.number is not None:
        return selected(request.number, context)
    latest = next(iter(runs(context)), None)
    if latest is None:
        raise InvalidRequest(name="number", reason="no_runs")
    return latest
