"""/retraining: runs with their steps, the challenger beside the model in force, promotion and the way back."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.jobs.api import under_way
from prosvet.app.jobs.rescoring import read_again
from prosvet.app.jobs.runner import Runner
from prosvet.app.web.render import page
from prosvet.app.web.retraining_views import card_view, run_numbers
from prosvet.core.errors import RetrainingError
from prosvet.models.examine import Examiner
from prosvet.training.pipeline.api import RetrainRequest, run
from prosvet.training.pipeline.plan import NAME, FreezePlan, Plan, Policy, TrainPlan

__all__ = ["router"]

router = APIRouter(prefix="/retraining", dependencies=[Depends(require("senior"))])

_By = Annotated[str, Form(max_length=80)]
_Name = Annotated[str, Path(pattern=NAME)]
_Why = Annotated[str, Form(max_length=2000)]


@router.get("")
def runs(request: Request, context: ContextDep) -> HTMLResponse:
    """All runs, a form for a new one, and the history of what was in force."""
    result = run(RetrainRequest(), context)
    rows = [(one, run_numbers(one)) for one in result.runs]
    return page(request, context, "retraining.html", result=result, rows=rows, jobs=under_way("retrain", context))


@router.post("/run")
def begin(
    context: ContextDep,
    name: Annotated[str, Form(pattern=NAME)],
    check_share: Annotated[float, Form(ge=0.1, le=0.9)] = 0.3,
    kind: Annotated[Literal["head", "full"], Form()] = "head",
    margin: Annotated[float, Form(gt=0, le=0.5)] = 0.05,
) -> Response:
    """Put a job in: a new run over the films of this archive."""
    if any(one.name == name for one in run(RetrainRequest(), context).runs):
        raise RetrainingError(reason="run_there", name=name)
    plan = Plan(
        freeze=FreezePlan(check_share=check_share), train=TrainPlan(kind=kind), policy=Policy(margin_auroc=margin)
    )  # fmt: skip
    context.get(Runner).submit("retrain", RetrainRequest(action="run", name=name, plan=plan), context)
    return RedirectResponse("/retraining?done=begun", 303)


@router.post("/back")
def back(context: ContextDep, why: _Why = "", by: _By = "", to: Annotated[int | None, Form(ge=0)] = None) -> Response:
    """Restore an earlier deployment; a job then reads the archive's films again."""
    run(RetrainRequest(action="back", by=by, why=why, to=to), context)
    read_again(context)
    return RedirectResponse("/retraining?done=back", 303)


@router.get("/{name}")
def show(name: _Name, request: Request, context: ContextDep) -> HTMLResponse:
    """One run with the challenger's table."""
    result = run(RetrainRequest(action="show", name=name), context)
    one = result.runs[0]
    card = None if one.card is None else card_view(one.card, context.lang)
    ref = context.get(Examiner).ref
    reads = f"{ref.name}@{ref.revision}"
    outdated = one.card is not None and one.deployment is None and one.card.compared.current != reads
    return page(
        request, context, "retraining_run.html", one=one, card=card, numbers=run_numbers(one), result=result,
        jobs=[job for job in under_way("retrain", context) if job.subject == name], reads=reads, outdated=outdated,
        unfinished=outdated or one.card is None,
    )  # fmt: skip


@router.post("/{name}/run")
def go_on(name: _Name, context: ContextDep) -> Response:
    """Put a job in: the steps that are left."""
    run(RetrainRequest(action="show", name=name), context)
    context.get(Runner).submit("retrain", RetrainRequest(action="run", name=name), context)
    return RedirectResponse(f"/retraining/{name}?done=begun", 303)


@router.post("/{name}/promote")
def promote(name: _Name, context: ContextDep, why: _Why = "", by: _By = "") -> Response:
    """Put the challenger in force; a job then reads the archive's films again."""
    run(RetrainRequest(action="promote", name=name, by=by, why=why), context)
    read_again(context)
    return RedirectResponse(f"/retraining/{name}?done=promoted", 303)
