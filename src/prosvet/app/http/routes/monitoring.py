"""`/v1/monitoring`: how things stand, references, checks, alarms, the line's gate, the report."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import ConfigDict, Field

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.monitoring_report import report_html
from prosvet.core.types import Frozen
from prosvet.monitoring.api import MonitorRequest, MonitorResult, run
from prosvet.monitoring.rules import Rules

__all__ = ["router"]

router = APIRouter(prefix="/v1/monitoring", tags=["monitoring"], dependencies=[Depends(require("reader"))])


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class ReferenceBody(Frozen):
    """What is to be usual from now on."""

    model_config = _example(name="spring", studies=1000)

    name: str = Field(min_length=1, max_length=80)
    studies: int = Field(default=1000, ge=200, le=20_000)
    rules: Rules = Rules()


class NoteBody(Frozen):
    """Why, and where nobody signs in, who."""

    model_config = _example(by="Orlova", note="The new device was looked at; films are sound.")

    note: str = Field(min_length=1, max_length=2000)
    by: str = Field(default="", max_length=80)


@router.get("", summary="How things stand")
def show(context: ContextDep, days: Annotated[int, Query(ge=1, le=366)] = 30) -> MonitorResult:
    """The reference, the last checks, alarms, the line, the flow of days."""
    return run(MonitorRequest(days=days), context)


@router.post("/reference", summary="Freeze a reference", dependencies=[Depends(require("senior"))])
def reference(body: ReferenceBody, context: ContextDep) -> MonitorResult:
    """The last studies become what later ones are held against."""
    request = MonitorRequest(action="reference", name=body.name, studies=body.studies, rules=body.rules)
    return run(request, context)


@router.post("/check", summary="Check now")
def check(context: ContextDep) -> MonitorResult:
    """Observe what is new and compare; alarms may stop the line."""
    return run(MonitorRequest(action="check"), context)


@router.get(
    "/report", summary="Report of the last days", response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "One HTML file."}},
)  # fmt: skip
def report(context: ContextDep, days: Annotated[int, Query(ge=1, le=366)] = 7) -> Response:
    """A file that needs nothing but itself."""
    made = report_html(run(MonitorRequest(action="report", days=days), context), context.lang)
    headers = {"Content-Disposition": 'attachment; filename="monitoring.html"'}
    return Response(made, headers=headers, media_type="text/html; charset=utf-8")


@router.post("/stop", summary="Stop the line")
def stop(body: NoteBody, context: ContextDep) -> MonitorResult:
    """Autonomous screening releases nothing until a senior opens it."""
    return run(MonitorRequest(action="stop", note=body.note), context)


@router.post("/open", summary="Open the line", dependencies=[Depends(require("senior"))])
def open_(body: NoteBody, context: ContextDep) -> MonitorResult:
    """In a senior's name; open alarms are closed with the note."""
    return run(MonitorRequest(action="open", by=body.by, note=body.note), context)


@router.post("/alarms/{alarm}/close", summary="Close an alarm", dependencies=[Depends(require("senior"))])
def close(
    alarm: Annotated[int, Path(ge=1, le=2**31, description="Number of the alarm.")], body: NoteBody, context: ContextDep
) -> MonitorResult:
    """It is raised anew if the change is still there."""
    return run(MonitorRequest(action="close", alarm=alarm, by=body.by, note=body.note), context)
