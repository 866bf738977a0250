"""The capability retrospective.tally: how the disagreements of a run were judged, with Wilson's intervals."""

from __future__ import annotations

from pydantic import Field

from prosvet.core.context import Context
from prosvet.core.types import Frozen
from prosvet.evaluation.proportions import wilson
from prosvet.reading.retrospective.api import RetrospectiveRequest
from prosvet.reading.retrospective.api import run as retrospective
from prosvet.reading.retrospective.lists import RunView, Verdict

__all__ = ["TallyRequest", "TallyResult", "VerdictShare", "run", "shares"]


class TallyRequest(Frozen):
    """Which run; the latest by default."""

    number: int | None = Field(default=None, ge=1, description="Number of the run.")


class VerdictShare(Frozen):
    """How many of the judged rows got a verdict, and Wilson's 95 % interval of the share."""

    verdict: Verdict
    k: int
    n: int
    share: float | None
    low: float | None
    high: float | None


class TallyResult(Frozen):
    """The shares are of what was judged: from the top of the list, they say nothing of the rest of it."""

    run: int
    judged: int
    shares: tuple[VerdictShare, ...]


def run(request: TallyRequest, context: Context) -> TallyResult:
    """Count the verdicts of a run.

    Raises
    ------
    Forbidden, NotFound, InvalidRequest
        As the capability retrospective.
    """
    found = retrospective(RetrospectiveRequest(action="list", number=request.number, limit=1), context).run
    if found is None:
        raise ValueError("a list always names its run")
    return shares(found)


def shares(run: RunView) -> TallyResult:
    """The verdicts of a run that is at hand."""
    n = sum(run.judged.values())
    made = []
    for verdict, k in run.judged.items():
        interval = wilson(k, n)
        known = {"share": interval.value, "low": interval.low, "high": interval.high} if n else {}
        made.append(VerdictShare(verdict=verdict, k=k, n=n, **{"share": None, "low": None, "high": None, **known}))
    return TallyResult(run=run.id, judged=n, shares=tuple(made))
