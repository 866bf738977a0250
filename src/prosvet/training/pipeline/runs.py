"""Runs of retraining in the archive's home: their plans, their steps in order, and who may work on one at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from prosvet.archive.database import file_lock
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, RetrainingError
from prosvet.core.types import Frozen
from prosvet.training.pipeline.card_step import card_inputs, card_into, is_published
from prosvet.training.pipeline.evaluate import evaluate_inputs, evaluate_into
from prosvet.training.pipeline.freeze import freeze_into
from prosvet.training.pipeline.plan import Plan
from prosvet.training.pipeline.promote import promoted
from prosvet.training.pipeline.steps import STEPS, Step, StepRecord, make_step, read_step, write_text
from prosvet.training.pipeline.train import train_inputs, train_into

__all__ = [
    "Done",
    "StepState",
    "existing_plan",
    "locked",
    "names",
    "plan_of",
    "run_folder",
    "states",
    "take",
    "update_plan",
]

_PLAN = "plan.json"


class Done(Frozen):
    """A step of this call, and whether it had to be done or stood already."""

    step: Step
    repeated: bool
    seconds: float


class StepState(Frozen):
    """How a step stands: ``done``; ``waiting``; ``stale``: done, but from other inputs than there are now."""

    step: Step
    state: Literal["done", "waiting", "stale"]
    record: StepRecord | None = None


def run_folder(name: str, context: Context) -> Path:
    """Where a run lies."""
    return context.settings.home / "retraining" / name


def names(context: Context) -> list[str]:
    """All runs, the newest first."""
    folder = context.settings.home / "retraining"
    plans = sorted(folder.glob(f"*/{_PLAN}"), key=lambda path: (path.parent.stat().st_ctime, path.parent.name))
    return [path.parent.name for path in reversed(plans)]


@contextmanager
def locked(name: str, context: Context) -> Iterator[Path]:
    """The folder of the run, for one process at a time; the system lets go of it when the process dies.

    Raises
    ------
    AlreadyRunning
    """
    run = run_folder(name, context)
    run.mkdir(parents=True, exist_ok=True)
    with file_lock(run / "lock", wait=False):
        yield run


def plan_of(run: Path) -> Plan:
    """What the run is asked to do.

    Raises
    ------
    NotFound
        When there is no such run.
    """
    path = run / _PLAN
    if not path.is_file():
        raise NotFound(kind="retraining", name=run.name)
    return Plan.model_validate_json(path.read_text(encoding="utf-8"))


def existing_plan(name: str, context: Context) -> Plan | None:
    """What the run `name` is asked to do; None when there is no such run."""
    run = run_folder(name, context)
    return plan_of(run) if (run / _PLAN).is_file() else None


def update_plan(run: Path, asked: Plan | None) -> Plan:
    """Keep what is asked now; what was frozen stays as it was asked then.

    Raises
    ------
    NotFound
        When nothing is asked and there is no such run.
    RetrainingError
        When other data are asked for than those that are frozen, or anything of a promoted run.
    """
    standing = plan_of(run) if (run / _PLAN).is_file() else None
    if asked is None or asked == standing:
        return standing or plan_of(run)
    if standing is not None and promoted(run) is not None:
        raise RetrainingError(reason="promoted", name=run.name)
    if standing is not None and asked.freeze != standing.freeze and read_step(run, "freeze") is not None:
        raise RetrainingError(reason="frozen_otherwise", name=run.name)
    write_text(run / _PLAN, asked.model_dump_json(indent=1))
    return asked


def take(run: Path, plan: Plan, step: Step, context: Context) -> Done:
    """Take one step, unless it stands from the same inputs.

    Raises
    ------
    RetrainingError
        When the step before it is not done; and whatever the step itself raises.
    """
    before = STEPS[STEPS.index(step) - 1] if step != "freeze" else None
    if before is not None and read_step(run, before, whole=True) is None:
        raise RetrainingError(reason="step_before", step=step, before=before, name=run.name)
    standing = read_step(run, step)
    if standing is not None and promoted(run) is not None:
        return Done(step=step, repeated=False, seconds=standing.seconds)
    if step == "freeze":
        inputs = {"plan": plan.freeze.model_dump(mode="json")}
        record, made = make_step(run, step, inputs, lambda folder: freeze_into(folder, plan.freeze, context))
    elif step == "train":
        inputs = train_inputs(run, plan.train, context)
        record, made = make_step(run, step, inputs, lambda folder: train_into(folder, run, plan.train, context))
    elif step == "evaluate":
        inputs = evaluate_inputs(run, context)
        record, made = make_step(run, step, inputs, lambda folder: evaluate_into(folder, run, context))
    else:
        inputs = card_inputs(run, plan.policy)
        if not is_published(run, context):
            shutil.rmtree(run / "card", ignore_errors=True)
        record, made = make_step(run, step, inputs, lambda folder: card_into(folder, run, plan.policy, context))
    return Done(step=step, repeated=made, seconds=record.seconds)


def states(run: Path) -> tuple[StepState, ...]:
    """How each step stands. A step is stale when one before it was taken again since."""
    made: list[StepState] = []
    newest = None
    for step in STEPS:
        record = read_step(run, step)
        if record is None:
            made.append(StepState(step=step, state="waiting"))
            continue
        stale = newest is not None and record.at < newest
        newest = record.at if newest is None else max(newest, record.at)
        made.append(StepState(step=step, state="stale" if stale else "done", record=record))
    return tuple(made)
