"""Learning on without forgetting: a share of former cases among the new, one adapter on, and a check before it counts.

The frozen set is the former run's test side: neither run learned from it. On it the former and the new model are
compared case by case, drawn by patient: the loss a token of the right answer, and ROUGE-L of what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from prosvet.core.errors import TunedWorse
from prosvet.core.types import Frozen
from prosvet.evaluation.result import Figure, Items
from prosvet.evaluation.statistics import compare_items
from prosvet.training.vlm.case import Case, share_of
from prosvet.training.vlm.recipe import Continual

__all__ = ["Forgetting", "judge", "with_replay"]

_HIGHER_IS_BETTER = {"rouge_l": True, "loss": False}


class Forgetting(Frozen):
    """The new model held against the former on the frozen set.

    Attributes
    ----------
    cases, patients : int
    former, new : dict of figure to value
    differences : dict of figure to Figure
        New less former, with the 95 % interval.
    """

    cases: int
    patients: int
    former: dict[str, float]
    new: dict[str, float]
    differences: dict[str, Figure]


def with_replay(new: Sequence[Case], former: Sequence[Case], share: float) -> list[Case]:
    """New cases, and as many of the former run's training cases that they make `share` of what is trained on.

    Which ones depends on their names alone. A patient of the former run's dev or test side is left out of the new
    training cases: the frozen set stays unseen.
    """
    guarded = {(case.source, case.patient) for case in former if case.part != "train"}
    kept = [case for case in new if case.part != "train" or (case.source, case.patient) not in guarded]
    known = {case.key for case in kept}
    judged = {(case.source, case.patient) for case in kept if case.part != "train"}
    training = sum(case.part == "train" for case in kept)
    wanted = round(training * share / (1 - share))
    able = [
        case
        for case in former
        if case.part == "train" and case.key not in known and (case.source, case.patient) not in judged
    ]
    drawn = sorted(able, key=lambda case: (share_of(case.key, seed=3), case.key))[:wanted]
    return kept + [replace(case, origin="replay") for case in drawn]


def judge(former: Items, new: Items, plan: Continual, *, resamples: int = 2000, seed: int = 0) -> Forgetting:
    """Hold the new model's columns ``loss`` and ``rouge_l`` against the former's, case by case.

    Raises
    ------
    TunedWorse
        When it is worse, or not shown to be no worse by more than the recipe's margins, or when there are too few
        patients to tell.
    """
    patients = len(set(new.groups or new.ids))
    if patients < plan.least:
        raise TunedWorse(reason="few_patients", n=patients, least=plan.least)
    found: dict[str, Figure] = {}
    values: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for name, higher in _HIGHER_IS_BETTER.items():
        paired = compare_items(
            f"mean:{name}", former, new, resamples=resamples, seed=seed, higher_is_better=higher
        )  # fmt: skip
        values[0][name], values[1][name] = paired.first, paired.second
        gap = paired.difference
        found[name] = Figure(
            value=gap.value, low=gap.low, high=gap.high, n=gap.n, method="bootstrap_patients", higher_is_better=higher
        )
    told = Forgetting(
        cases=len(new.ids), patients=patients, former=values[0], new=values[1], differences=found
    )  # fmt: skip
    for name, figure in found.items():
        _refuse_worse(name, figure, plan)
    return told


def _refuse_worse(name: str, figure: Figure, plan: Continual) -> None:
    if figure.low is None or figure.high is None:
        raise TunedWorse(reason="no_interval", name=name)
    higher = _HIGHER_IS_BETTER[name]
    # In terms of "how much worse": its least and its most that the data allow.
    least, most = (-figure.high, -figure.low) if higher else (figure.low, figure.high)
    margin = plan.margin if higher else plan.margin_loss
    if least > 0 or most > margin:
        raise TunedWorse(
            reason="forgot" if least > 0 else "may_have_forgotten", name=name, margin=margin,
            value=round(figure.value or 0.0, 4), low=round(figure.low, 4), high=round(figure.high, 4),
        )  # fmt: skip
