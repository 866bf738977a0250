"""The capability retrain: one run, or one of its steps; promotion and roll-back in a senior's name; how runs stand."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, RetrainingError
from prosvet.core.types import Frozen
from prosvet.models.card import cards
from prosvet.models.deployed import Deployment, deployed, history
from prosvet.training.pipeline.card_step import Challenger, challenger_of
from prosvet.training.pipeline.freeze import frozen
from prosvet.training.pipeline.manifest import FrozenSet
from prosvet.training.pipeline.plan import NAME, Plan
from prosvet.training.pipeline.promote import back, promote, promoted
from prosvet.training.pipeline.runs import (
    Done,
    StepState,
    existing_plan,
    locked,
    names,
    plan_of,
    run_folder,
    states,
    take,
    update_plan,
)
from prosvet.training.pipeline.steps import STEPS, Step, read_step

__all__ = ["RetrainRequest", "RetrainResult", "RunView", "run"]

Action = Literal["run", "freeze", "train", "evaluate", "card", "promote", "back", "list", "show"]


class RetrainRequest(Frozen):
    """What to do."""

    action: Action = Field(default="list", description="run, a step of it, promote, back, list or show.")
    name: str | None = Field(default=None, pattern=NAME, description="Name of the run, and of its model.")
    plan: Plan | None = Field(default=None, description="What the run is asked to do; as it was asked before if none.")
    by: str = Field(default="", max_length=80, description="Who promotes or rolls back, where nobody signs in.")
    why: str = Field(default="", max_length=2000, description="Why.")
    to: int | None = Field(default=None, ge=0, le=2**31, description="Deployment to restore; the one before if none.")


class RunView(Frozen):
    """A run as it stands.

    Attributes
    ----------
    data : FrozenSet or None
        Once it is frozen.
    card : Challenger or None
        Once it is judged.
    deployment : Deployment or None
        Once it is promoted.
    """

    name: str
    plan: Plan
    steps: tuple[StepState, ...]
    data: FrozenSet | None = None
    card: Challenger | None = None
    deployment: Deployment | None = None


class RetrainResult(Frozen):
    """What was done, and how things stand.

    Attributes
    ----------
    done : tuple of Done
        The steps of this call.
    runs : tuple of RunView
        The one asked for; all of them, the newest first, when none was.
    in_force : Deployment
    deployments : tuple of Deployment
        The newest first.
    """

    action: Action
    done: tuple[Done, ...] = ()
    runs: tuple[RunView, ...]
    in_force: Deployment
    deployments: tuple[Deployment, ...]


def run(request: RetrainRequest, context: Context) -> RetrainResult:
    """Do it, and tell how things stand.

    Raises
    ------
    Forbidden
        For anyone below a senior.
    RetrainingError, ChallengerWorse, ChallengerNotAssessed
        When a step refuses.
    NotFound
        When there is no such run, folder or film.
    AlreadyRunning
        When another process works on the run.
    """
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    done: tuple[Done, ...] = ()
    if request.action == "back":
        back(request.by, request.why, request.to, context)
    elif request.action == "promote":
        with locked(_existing(request, context), context) as folder:
            promote(folder, request.by, request.why, context)
            record = read_step(folder, "promote")
            done = (Done(step="promote", repeated=True, seconds=record.seconds if record else 0.0),)
    elif request.action not in ("list", "show"):
        done = _steps(request, context)
    return _stand(request, done, context)


def _name(request: RetrainRequest) -> str:
    if request.name is None:
        raise InvalidRequest(name="name", reason="Field required")
    return request.name


def _existing(request: RetrainRequest, context: Context) -> str:
    """The name of a run that is there: asking for one that is not makes no folder."""
    name = _name(request)
    plan_of(run_folder(name, context))
    return name


def _steps(request: RetrainRequest, context: Context) -> tuple[Done, ...]:
    """One step, or all but the promotion, which is for a person to decide."""
    first = request.action in ("run", "freeze")
    name = _name(request) if first else _existing(request, context)
    wanted: tuple[Step, ...] = STEPS[:-1] if request.action == "run" else _one(request.action)
    if existing_plan(name, context) is None and name in cards(context.settings.home):
        raise RetrainingError(reason="name_taken", name=name)
    audit = AuditLog.from_context(context)
    with locked(name, context) as folder:
        plan = update_plan(folder, request.plan or existing_plan(name, context) or Plan())
        made = []
        for step in context.progress.track(wanted, "retrain_steps", len(wanted)):
            one = take(folder, plan, step, context)
            made.append(one)
            if one.repeated:
                audit.write(f"retrain_{step}", run=name, seconds=one.seconds)
    return tuple(made)


def _one(action: str) -> tuple[Step, ...]:
    return tuple(step for step in STEPS if step == action)


def _stand(request: RetrainRequest, done: tuple[Done, ...], context: Context) -> RetrainResult:
    asked = [_existing(request, context)] if request.name is not None else names(context)
    settings = context.settings
    return RetrainResult(
        action=request.action, done=done, runs=tuple(_view(run_folder(name, context)) for name in asked),
        in_force=deployed(settings), deployments=tuple(reversed(history(settings))),
    )  # fmt: skip


def _view(folder: Path) -> RunView:
    return RunView(
        name=folder.name, plan=plan_of(folder), steps=states(folder),
        data=frozen(folder) if read_step(folder, "freeze") else None,
        card=challenger_of(folder) if read_step(folder, "card") else None, deployment=promoted(folder),
    )  # fmt: skip
