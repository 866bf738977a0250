"""/screening: the line and its switch, today's flow, the operating point on its curve, the audit, every miss."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.routes.images import info
from prosvet.app.http.uploads import kept
from prosvet.app.web.render import page
from prosvet.app.web.screening_chart import tradeoff_chart
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest
from prosvet.core.i18n import catalogue
from prosvet.reading.stored import images_of
from prosvet.screening import calibrate_api
from prosvet.screening.audit_api import AuditRequest, Verdict
from prosvet.screening.audit_api import run as audit
from prosvet.screening.calibrate_api import CalibrateRequest, CalibrateResult
from prosvet.screening.calibrations import calibration
from prosvet.screening.control import Controlled
from prosvet.screening.line_api import LineRequest, LineResult
from prosvet.screening.line_api import run as line
from prosvet.screening.words import guarantee, percent, stop_words

__all__ = ["router"]

router = APIRouter(prefix="/screening", dependencies=[Depends(require("reader"))])

_GATES = ("unknown_age", "lateral", "repaired", "quality")


@router.get("")
def screening(request: Request, context: ContextDep) -> HTMLResponse:
    """The whole page."""
    found, checked = line(LineRequest(), context), audit(AuditRequest(), context)
    values = {"found": found, "line": found.line, "audit": checked, "gates": _GATES, **_point(found, context)}
    said: dict[str, Any] = {
        "exact": lambda share: percent(share, context.lang),
        "stop_words": lambda why: stop_words(why, context.lang),
        "who": lambda name: catalogue(context.lang).get(f"screening_page.who.{name}", name),
    }
    return page(request, context, "screening.html", **values, **said)


@router.post("/stop")
def stop(
    context: ContextDep,
    reason: Annotated[str, Form(max_length=500)] = "",
    by: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Stop the line."""
    line(LineRequest(action="stop", reason=reason.strip() or "by_hand", by=by), context)
    return RedirectResponse("/screening", 303)


@router.post("/open", dependencies=[Depends(require("senior"))])
def open_(
    context: ContextDep,
    note: Annotated[str, Form(max_length=2000)] = "",
    by: Annotated[str, Form(max_length=60)] = "",
    number: Annotated[int | None, Form(ge=1, le=2**31)] = None,
    share: Annotated[float, Form(ge=0, le=100)] = 10.0,
) -> Response:
    """Open it on a calibration."""
    line(LineRequest(action="open", by=by, note=note, calibration=number, audit_share=share / 100), context)
    return RedirectResponse("/screening", 303)


@router.post("/calibrate", dependencies=[Depends(require("senior"))])
def calibrate(
    context: ContextDep,
    labels: Annotated[UploadFile, File()],
    scores: Annotated[UploadFile | None, File()] = None,
    max_missed: Annotated[str, Form(max_length=20)] = "1",
    confidence: Annotated[str, Form(max_length=20)] = "95",
    prevalence: Annotated[str, Form(max_length=20)] = "",
    unsure_share: Annotated[str, Form(max_length=20)] = "",
    accept: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Find the threshold; shares come in percent."""
    with TemporaryDirectory(prefix="prosvet-") as folder:
        asked = {
            "labels": kept(labels, Path(folder) / "labels"),
            "scores": kept(scores, Path(folder) / "scores") if scores is not None and scores.filename else None,
            "max_missed": _share(max_missed), "confidence": _share(confidence), "prevalence": _share(prevalence),
            "unsure": {"share": _share(unsure_share) or 0.0},
            "policy": {gate: "accept" if gate in accept else "abstain" for gate in _GATES},
        }  # fmt: skip
        try:
            request = CalibrateRequest.model_validate(asked)
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidRequest(name=".".join(map(str, first["loc"])), reason=first["msg"]) from None
        calibrate_api.run(request, context)
    return Response(status_code=204, headers={"HX-Redirect": "/screening"})


@router.get("/blind")
def blind(request: Request, context: ContextDep) -> HTMLResponse:
    """The study that this person has begun to read blind, or the invitation to begin."""
    found = audit(AuditRequest(limit=1), context)
    films = [info(image) for image in images_of(found.mine, context)] if found.mine else []
    return page(request, context, "screening_blind.html", study=found.mine, films=films, left=found.waiting)


@router.post("/blind")
def begin(context: ContextDep) -> Response:
    """Take the next one."""
    audit(AuditRequest(action="begin", limit=1), context)
    return RedirectResponse("/screening/blind", 303)


@router.post("/blind/{study}")
def judge(
    study: str,
    context: ContextDep,
    verdict: Annotated[Verdict, Form()],
    comment: Annotated[str, Form(max_length=2000)] = "",
    reader: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Keep the verdict and take the next one."""
    audit(AuditRequest(action="judge", study=study, verdict=verdict, comment=comment, reader=reader), context)
    return begin(context)


def _point(found: LineResult, context: Context) -> dict[str, Any]:
    """The calibration that is shown: the one in force, or the latest."""
    number = found.line.calibration or (found.versions[0].id if found.versions else None)
    if number is None:
        return {"point": None, "report": None, "chart": None, "promise": ""}
    chosen = calibration(context, number)
    report = CalibrateResult.model_validate(
        chosen.report | {"id": chosen.id, "version": chosen.version, "guarantee": "", "warnings": ()}
    )
    curve = [(one.cleared, 1 - one.max_missed) for one in report.curve]
    chart = tradeoff_chart(curve, (report.cleared.value or 0.0, report.sensitivity.low), context.lang)
    risks = [Controlled.model_validate(risk) for risk in chosen.report["risks"]]
    return {
        "point": chosen, "report": report, "chart": chart,
        "promise": guarantee(risks, chosen.confidence, context.lang),
    }  # fmt: skip


def _share(written: str) -> float | None:
    """Percent as they are typed, with a comma or a point; None where nothing is."""
    plain = written.strip().replace(",", ".").rstrip("% ")
    if not plain:
        return None
    try:
        return float(plain) / 100
    except ValueError:
        raise InvalidRequest(name="percent", reason="not_a_share", value=plain) from None
