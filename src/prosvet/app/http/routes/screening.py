"""`/v1/screen`: calibrate, run, audit the releases, stop the line and open it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import ConfigDict, Field

from prosvet.app.http.accepted import accepted
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.uploads import BodyOf
from prosvet.app.jobs.view import JobView
from prosvet.archive.filters import StudyFilter
from prosvet.core.types import Frozen
from prosvet.screening import audit_api, calibrate_api, line_api
from prosvet.screening.audit_api import AuditRequest, AuditResult, Verdict
from prosvet.screening.calibrate_api import CalibrateRequest, CalibrateResult
from prosvet.screening.confidence import api as confidence_api
from prosvet.screening.confidence.api import ConfidenceRequest, ConfidenceResult
from prosvet.screening.line_api import LineRequest, LineResult
from prosvet.screening.run_api import ScreenRequest

__all__ = ["router"]

router = APIRouter(prefix="/v1/screen", tags=["screening"], dependencies=[Depends(require("reader"))])

_CALIBRATE = BodyOf(CalibrateRequest)
_CONFIDENCE = BodyOf(ConfidenceRequest)
_SENIOR = [Depends(require("senior"))]


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class RunBody(Frozen):
    """Which studies of the archive; an empty filter is all of them."""

    model_config = _example(filters={"source": "nih"}, limit=10)

    filters: StudyFilter = StudyFilter()
    limit: int | None = Field(default=None, ge=1, le=1_000_000)


class VerdictBody(Frozen):
    """What a doctor saw on the film, without knowing what was decided."""

    model_config = _example(study="SQXC6ZTZW2AEQ", verdict="normal")

    study: str = Field(max_length=200)
    verdict: Verdict
    comment: str = Field(default="", max_length=2000)
    reader: str = Field(default="", max_length=60, description="Who read it, where nobody signs in.")


class StopBody(Frozen):
    """Why it is stopped."""

    model_config = _example(reason="The new device shows a grid on every film.")

    reason: str = Field(default="by_hand", min_length=1, max_length=500)
    by: str = Field(default="", max_length=60, description="Who stops it, where nobody signs in.")


class OpenBody(Frozen):
    """Who opens it, why, and on which calibration."""

    model_config = _example(by="petrova", note="Calibrated on 640 studies of this spring.")

    by: str = Field(default="", max_length=60, description="Who opens it, where nobody signs in.")
    note: str = Field(max_length=2000)
    calibration: int | None = Field(default=None, ge=1, le=2**31, description="The latest by default.")
    audit_share: float | None = Field(default=None, ge=0, le=1)


@router.post("/calibrate", summary="Calibrate the screening", openapi_extra=_CALIBRATE.openapi(), dependencies=_SENIOR)
def calibrate(request: Annotated[CalibrateRequest, Depends(_CALIBRATE)], context: ContextDep) -> CalibrateResult:
    """Scores (CSV: id,score) and labels (CSV: id,abnormal): the threshold that they prove, kept as a version."""
    return calibrate_api.run(request, context)


@router.post("/confidence", summary="Compare confidence", openapi_extra=_CONFIDENCE.openapi(), dependencies=_SENIOR)
def confidence(request: Annotated[ConfidenceRequest, Depends(_CONFIDENCE)], context: ContextDep) -> ConfidenceResult:
    """Labels (CSV: id,abnormal) of studies of the archive: which measure of doubt knows the model's errors on them."""
    return confidence_api.run(request, context)


@router.post("/run", status_code=202, summary="Screen studies")
def run(body: RunBody, response: Response, context: ContextDep) -> JobView:
    """Put a job in: decide on studies of the archive, and release those that are normal within the proven risk."""
    return accepted("screen.run", ScreenRequest(filters=body.filters, limit=body.limit), response, context)


@router.get("/audit", summary="Show the blind audit")
def audit(context: ContextDep, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> AuditResult:
    """The estimate of what was missed, what waits to be read, and every miss."""
    return audit_api.run(AuditRequest(limit=limit), context)


@router.post("/audit/begin", summary="Begin to read a study blind")
def begin(context: ContextDep) -> AuditResult:
    """Take the next waiting study: until the verdict, nothing that was found in it is shown to whoever took it."""
    return audit_api.run(AuditRequest(action="begin"), context)


@router.post("/audit", summary="Give a verdict of the blind audit")
def judge(body: VerdictBody, context: ContextDep) -> AuditResult:
    """Keep a verdict; one that breaches the promise stops the line."""
    request = AuditRequest(
        action="judge", study=body.study, verdict=body.verdict, comment=body.comment, reader=body.reader
    )  # fmt: skip
    return audit_api.run(request, context)


@router.get("/line", summary="Show the line")
def line(context: ContextDep) -> LineResult:
    """How the line stands, today's flow, its history and its calibrations."""
    return line_api.run(LineRequest(), context)


@router.post("/line/stop", summary="Stop the line")
def stop(body: StopBody, context: ContextDep) -> LineResult:
    """From this moment nothing is released, by any process."""
    return line_api.run(LineRequest(action="stop", reason=body.reason, by=body.by), context)


@router.post("/line/open", summary="Open the line", dependencies=_SENIOR)
def open_(body: OpenBody, context: ContextDep) -> LineResult:
    """A senior, by name and with a reason; on the latest calibration, or back on an earlier one."""
    request = LineRequest(
        action="open", by=body.by, note=body.note, calibration=body.calibration, audit_share=body.audit_share
    )  # fmt: skip
    return line_api.run(request, context)
