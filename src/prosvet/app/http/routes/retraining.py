"""`/v1/retraining`: runs and their steps as jobs, promotion and roll-back in a senior's name."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Response
from pydantic import ConfigDict, Field

from prosvet.app.http.accepted import accepted
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.jobs.rescoring import read_again
from prosvet.app.jobs.view import JobView
from prosvet.core.types import Frozen
from prosvet.training.pipeline.api import RetrainRequest, RetrainResult, run
from prosvet.training.pipeline.plan import NAME, FreezePlan, Plan, Policy, TrainPlan

__all__ = ["router"]

router = APIRouter(prefix="/v1/retraining", tags=["retraining"], dependencies=[Depends(require("senior"))])

Name = Annotated[str, Path(pattern=NAME, description="Name of the run.", examples=["spring"])]


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class BeginBody(Frozen):
    """A new run over the films of this archive; without the rest, a run that is there goes on.

    Folders of the server are named from the shell alone.
    """

    model_config = _example(name="spring")

    name: str = Field(pattern=NAME)
    check_share: float = Field(default=0.3, ge=0.1, le=0.9)
    kind: Literal["head", "full"] = "head"
    policy: Policy = Policy()


class DecisionBody(Frozen):
    """Why, and where nobody signs in, who."""

    model_config = _example(by="Orlova", why="Effusions are found more often.")

    why: str = Field(min_length=1, max_length=2000)
    by: str = Field(default="", max_length=80)


class BackBody(DecisionBody):
    """Also to which deployment; the one before when not given."""

    model_config = _example(by="Orlova", why="Complaints from the evening shift.", to=0)

    to: int | None = Field(default=None, ge=0, le=2**31)


@router.get("", summary="List runs")
def list_(context: ContextDep) -> RetrainResult:
    """All runs, the newest first, and what is in force."""
    return run(RetrainRequest(), context)


@router.post("", status_code=202, summary="Begin a run")
def begin(body: BeginBody, response: Response, context: ContextDep) -> JobView:
    """Put a job in: all steps up to the card."""
    plan = Plan(
        freeze=FreezePlan(check_share=body.check_share), train=TrainPlan(kind=body.kind), policy=body.policy
    )  # fmt: skip
    return accepted("retrain", RetrainRequest(action="run", name=body.name, plan=plan), response, context)


@router.post("/back", summary="Roll back")
def back(body: BackBody, context: ContextDep) -> RetrainResult:
    """Restore an earlier deployment; a job then reads the archive's films again."""
    result = run(RetrainRequest(action="back", by=body.by, why=body.why, to=body.to), context)
    read_again(context)
    return result


@router.get("/{name}", summary="Show a run")
def show(name: Name, context: ContextDep) -> RetrainResult:
    """Its steps, its data, and the challenger's table."""
    return run(RetrainRequest(action="show", name=name), context)


@router.post("/{name}/promote", summary="Promote")
def promote(name: Name, body: DecisionBody, context: ContextDep) -> RetrainResult:
    """Put the challenger in force, if its card lets it pass; a job then reads the archive's films again."""
    result = run(RetrainRequest(action="promote", name=name, by=body.by, why=body.why), context)
    read_again(context)
    return result


@router.post("/{name}/{step}", status_code=202, summary="Take a step")
def step(
    name: Name, step: Literal["run", "freeze", "train", "evaluate", "card"], response: Response, context: ContextDep
) -> JobView:
    """Put a job in: one step of a run that is there, or all that are left."""
    run(RetrainRequest(action="show", name=name), context)
    return accepted("retrain", RetrainRequest(action=step, name=name), response, context)
