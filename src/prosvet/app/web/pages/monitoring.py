"""/monitoring: what has changed, how the line stands, and the charts of the last weeks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.monitoring_report import report_html
from prosvet.app.web.monitoring_views import alarm_words, charts, drift_rows
from prosvet.app.web.render import page
from prosvet.core.context import Context
from prosvet.core.i18n import Lang, catalogue
from prosvet.monitoring.api import MonitorRequest, run
from prosvet.monitoring.rules import Rules

__all__ = ["router"]

router = APIRouter(prefix="/monitoring", dependencies=[Depends(require("reader"))])

_Note = Annotated[str, Form(max_length=2000)]
_By = Annotated[str, Form(max_length=80)]


@router.get("")
def show(request: Request, context: ContextDep) -> HTMLResponse:
    """How things stand."""
    result = run(MonitorRequest(days=30), context)
    alarms = [(alarm, alarm_words(alarm, context.lang)) for alarm in result.alarms]
    return page(
        request, context, "monitoring.html", result=result, charts=charts(result, context.lang),
        drift=drift_rows(result, context.lang), opened=[one for one in alarms if one[0].closed is None],
        closed=[one for one in alarms if one[0].closed is not None][:20],
        reason=_why(result.line.reason, context.lang),
    )  # fmt: skip


@router.post("/check")
def check(context: ContextDep) -> Response:
    """Check now and come back."""
    return _done(MonitorRequest(action="check"), context)


@router.post("/reference", dependencies=[Depends(require("senior"))])
def reference(
    context: ContextDep,
    name: Annotated[str, Form(max_length=80)],
    studies: Annotated[int, Form(ge=200, le=20_000)] = 1000,
    per_day: Annotated[float, Form(gt=0, le=100_000)] = 100.0,
) -> Response:
    """Freeze a reference."""
    rules = Rules(studies_a_day=per_day)
    return _done(MonitorRequest(action="reference", name=name, studies=studies, rules=rules), context)


@router.post("/stop")
def stop(context: ContextDep, note: _Note = "") -> Response:
    """Stop the line."""
    return _done(MonitorRequest(action="stop", note=note), context)


@router.post("/open", dependencies=[Depends(require("senior"))])
def open_(context: ContextDep, note: _Note = "", by: _By = "") -> Response:
    """Open the line in a senior's name."""
    return _done(MonitorRequest(action="open", note=note, by=by), context)


@router.post("/alarms/{alarm}/close", dependencies=[Depends(require("senior"))])
def close(alarm: int, context: ContextDep, note: _Note = "", by: _By = "") -> Response:
    """Close one alarm."""
    return _done(MonitorRequest(action="close", alarm=alarm, note=note, by=by), context)


@router.get("/report")
def report(context: ContextDep, days: int = 7) -> Response:
    """The weekly report as a file."""
    made = report_html(run(MonitorRequest(action="report", days=min(max(days, 1), 366)), context), context.lang)
    headers = {"Content-Disposition": 'attachment; filename="monitoring.html"'}
    return Response(made, headers=headers, media_type="text/html; charset=utf-8")


def _why(reason: str, lang: Lang) -> str:
    """Why the line stands: a sentence of screening, or what somebody wrote."""
    return catalogue(lang).get(f"screening.stops.{reason}", reason)


def _done(request: MonitorRequest, context: Context) -> Response:
    run(request, context)
    return RedirectResponse(f"/monitoring?done={request.action}", 303)
