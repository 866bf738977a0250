"""The verdict on a challenger: nothing significantly worse, critical findings no worse, nothing left unjudged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from prosvet.core.types import Frozen
from prosvet.evaluation.comparison import holm
from prosvet.language.vocabulary import vocabulary
from prosvet.training.pipeline.evaluate import Comparison
from prosvet.training.pipeline.plan import Policy

__all__ = ["Against", "Judged", "Verdict", "critical_of", "judge"]

Verdict = Literal["may_pass", "worse", "not_assessed"]


class Judged(Comparison):
    """A comparison with its corrected probability and what it says of the challenger.

    Attributes
    ----------
    p_holm : float or None
        Corrected for all tests of the card together (Holm, 1979).
    verdict : str
        ``better``, ``worse``, ``cannot_tell``, ``same`` or ``not_assessed``.
    """

    p_holm: float | None = None
    verdict: Literal["better", "worse", "cannot_tell", "same", "not_assessed"]


class Against(Frozen):
    """One thing that speaks against the challenger.

    Attributes
    ----------
    reason : str
        ``worse``: significantly so; ``margin``: a critical finding may be worse than the margin allows;
        ``not_assessed``: it changed, and no set has patients enough to judge it.
    low : float or None
        The lower end of the interval of the difference.
    """

    concept: str
    reason: Literal["worse", "margin", "not_assessed"]
    set: str = ""
    metric: str = ""
    low: float | None = None
    margin: float | None = None


def critical_of(policy: Policy, labels: Sequence[str]) -> tuple[str, ...]:
    """The findings that the margins hold for."""
    if policy.critical is not None:
        return tuple(label for label in labels if label in policy.critical)
    known = vocabulary().concepts
    return tuple(label for label in labels if label in known and known[label].critical)


def judge(
    comparisons: Sequence[Comparison], policy: Policy, labels: Sequence[str]
) -> tuple[Verdict, tuple[Judged, ...], tuple[Against, ...]]:
    """The verdict, the comparisons with theirs, and what speaks against the challenger."""
    corrected = holm({str(n): one.p for n, one in enumerate(comparisons) if one.p is not None})
    judged = tuple(_judged(one, corrected.get(str(n)), policy) for n, one in enumerate(comparisons))
    critical = critical_of(policy, labels)
    against = [
        Against(concept=one.concept, reason="worse", set=one.set, metric=one.metric, low=one.low)
        for one in judged
        if one.verdict == "worse"
    ]
    against += _beyond_margins(judged, policy, critical)
    unjudged = _unjudged(judged, labels)
    refused = [c for c in unjudged if policy.not_assessed == "refuse" or c in critical]
    verdict: Verdict = "worse" if against else "not_assessed" if refused else "may_pass"
    against += [Against(concept=concept, reason="not_assessed") for concept in unjudged]
    return verdict, judged, tuple(against)


def _judged(one: Comparison, p_holm: float | None, policy: Policy) -> Judged:
    values = one.model_dump()
    if one.state != "tested" or p_holm is None or one.difference is None:
        return Judged(**values, verdict="same" if one.state == "same" else "not_assessed")
    if p_holm >= policy.level or not one.difference:
        return Judged(**values, p_holm=p_holm, verdict="cannot_tell")
    return Judged(**values, p_holm=p_holm, verdict="better" if one.difference > 0 else "worse")


def _beyond_margins(judged: Sequence[Judged], policy: Policy, critical: Sequence[str]) -> list[Against]:
    margins = {"auroc": policy.margin_auroc, "sensitivity": policy.margin_sensitivity}
    return [
        Against(
            concept=one.concept, reason="margin", set=one.set, metric=one.metric, low=one.low,
            margin=margins[one.metric],
        )
        for one in judged
        if one.concept in critical and one.metric in margins and one.verdict not in ("same", "not_assessed", "worse")
        and one.low is not None and one.low < -margins[one.metric]
    ]  # fmt: skip


def _unjudged(judged: Sequence[Judged], labels: Sequence[str]) -> list[str]:
    """Findings whose answers changed on some set, or were never seen, and that no set could judge."""
    made = []
    for concept in labels:
        verdicts = {one.verdict for one in judged if one.concept == concept and one.metric == "auroc"}
        if not verdicts - {"not_assessed"}:
            made.append(concept)
    return made
