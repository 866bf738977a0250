"""`/v1/double-readings`: send studies, read them blind, compare, resolve; and how far readers agree."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import ConfigDict, Field

from prosvet.app.http.deps import ContextDep, require
from prosvet.core.types import Frozen
from prosvet.evaluation.second_opinions import agreement_api
from prosvet.evaluation.second_opinions.agreement_api import AgreementRequest, AgreementResult
from prosvet.reading.double.api import DoubleReadingRequest, DoubleReadingResult, run
from prosvet.reading.double.form import OpinionFinding
from prosvet.reading.double.queues import Queue
from prosvet.reading.double.resolving import Decision
from prosvet.reading.double.sending import Draw, Second

__all__ = ["router"]

router = APIRouter(prefix="/v1/double-readings", tags=["double reading"], dependencies=[Depends(require("reader"))])

StudyId = Annotated[str, Path(max_length=200, description="Id of the study.", examples=["SQXC6ZTZW2AEQ"])]


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class SendBody(Frozen):
    """Chosen studies, or a draw."""

    model_config = _example(draw={"n": 20, "seed": 1, "filters": {"source": "nih"}}, second="person")

    studies: tuple[str, ...] = Field(default=(), max_length=10_000)
    draw: Draw | None = None
    second: Second = "person"


class OpinionBody(Frozen):
    """What stands in the form."""

    model_config = _example(findings={"pleural_effusion": {"status": "present", "side": "left"}}, comment="")

    findings: dict[str, OpinionFinding] = Field(max_length=200)
    comment: str = Field(default="", max_length=4000)


class ResolutionBody(Frozen):
    """A decision for every difference."""

    model_config = _example(decisions={"pneumothorax": {"status": "absent", "comment": "Skin fold."}}, comment="")

    decisions: dict[str, Decision] = Field(max_length=200)
    comment: str = Field(default="", max_length=4000)


@router.get("", summary="One queue, and the size of all")
def list_(
    context: ContextDep,
    queue: Queue = "mine",
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> DoubleReadingResult:
    """What waits for me, what waits for others, what a third has to resolve, what is finished."""
    return run(DoubleReadingRequest(action="list", queue=queue, limit=limit, offset=offset), context)


@router.post("", status_code=201, summary="Send studies")
def send(body: SendBody, context: ContextDep) -> DoubleReadingResult:
    """Send chosen studies, or a sample drawn with a seed."""
    request = DoubleReadingRequest(action="send", studies=body.studies, draw=body.draw, second=body.second)
    return run(request, context)


@router.get("/agreement", summary="Agreement by finding")
def agreement(
    context: ContextDep,
    second: Literal["person", "program"] = "person",
    resamples: Annotated[int, Query(ge=100, le=10_000)] = 1000,
    seed: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> AgreementResult:
    """Cohen's kappa and the share of equal answers, with intervals, over all finished pairs."""
    return agreement_api.run(AgreementRequest(second=second, resamples=resamples, seed=seed), context)


@router.get("/{study}", summary="Show a reading")
def show(study: StudyId, context: ContextDep) -> DoubleReadingResult:
    """One's own opinion while it is open; both, and their differences, when both are signed."""
    return run(DoubleReadingRequest(action="show", study=study), context)


@router.post("/{study}/begin", summary="Begin to read")
def begin(study: StudyId, context: ContextDep) -> DoubleReadingResult:
    """Take the next free part; from here until signing, findings and reports of the study are closed."""
    return run(DoubleReadingRequest(action="begin", study=study), context)


@router.put("/{study}/opinion", summary="Save the draft of one's opinion")
def save(study: StudyId, body: OpinionBody, context: ContextDep) -> DoubleReadingResult:
    """Keep what stands in the form so far."""
    request = DoubleReadingRequest(action="save", study=study, findings=body.findings, comment=body.comment)
    return run(request, context)


@router.post("/{study}/sign", summary="Sign one's opinion")
def sign(study: StudyId, context: ContextDep) -> DoubleReadingResult:
    """Sign it as it was last saved; a signed opinion is never changed."""
    return run(DoubleReadingRequest(action="sign", study=study), context)


@router.post("/{study}/resolve", summary="Resolve the differences", dependencies=[Depends(require("senior"))])
def resolve(study: StudyId, body: ResolutionBody, context: ContextDep) -> DoubleReadingResult:
    """For a senior who is not one of the two: decide every difference, with a reason."""
    request = DoubleReadingRequest(action="resolve", study=study, decisions=body.decisions, comment=body.comment)
    return run(request, context)
