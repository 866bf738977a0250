"""The rule by which the line abstains because it is unsure, fitted before any risk is controlled, and kept as numbers.

The rule is made of the studies that are set aside for it and of nothing else; the threshold is then chosen on the other
studies, none of whose patients it has seen. For those the rule is as fixed as the model itself: what is released is
"score below t and sure", whose score for the proof is the study's own where it is sure and the operating point where it
is not (:func:`effective`). That is a score like any other, so that the proof of :mod:`prosvet.screening.control` covers
it word for word, and abnormal studies that the rule keeps back are not counted as missed: the threshold may rise.

Nothing is ever released at the operating point or above, on whose two sides the rule means different things.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from prosvet.core.types import Frozen
from prosvet.screening.confidence.curves import Bools, Floats
from prosvet.screening.confidence.design import Array, Design
from prosvet.screening.confidence.facts import Facts
from prosvet.screening.confidence.folds import folds
from prosvet.screening.confidence.learned import apply_branch
from prosvet.screening.confidence.logistic import sigmoid
from prosvet.screening.confidence.methods import Labelled, branch_of, meta_of, out_of_fold

__all__ = ["LEAST", "LEAST_WRONG", "Rule", "RuleMethod", "effective", "fit_rule", "rule_of"]

RuleMethod = Literal["meta", "learned"]
"""Measures that say something which the line does not know already: the score is its threshold, distance a gate."""
LEAST, LEAST_WRONG = 100, 10
"""Studies, and of them those on which the model is wrong, from which alone something can be learned."""
_SHARES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)


class Rule(Frozen):
    """How unsure the model should be of a study, and the limit from which the line abstains.

    Attributes
    ----------
    layers : tuple of arrays
        The weights: one row for ``meta``, two layers for ``learned``.
    limit : float
        A study that is as unsure as this, or more, is not released.
    n, wrong : int
        Studies that it was fitted on, and of them those on which the model was wrong.
    """

    method: RuleMethod
    design: Design
    layers: tuple[Array, ...]
    limit: float
    n: int
    wrong: int

    def unsure(self, facts: Facts) -> Floats:
        """Of each study (N,), 0..1; for ``meta`` the chance that the decision at the operating point is wrong."""
        columns = self.design.columns(facts)
        if self.method == "learned":
            return 1 - apply_branch((self.layers[0], self.layers[1]), columns)
        weights = self.layers[0]
        return sigmoid(columns @ weights[:-1] + weights[-1])

    def holds(self, facts: Facts) -> Bools:
        """Whether each study is one that the line abstains from; of one whose facts are unknown nothing is said."""
        found = np.zeros(len(facts), dtype=np.bool_)
        known = facts.complete
        if known.any():
            found[known] = self.unsure(facts.where(known)) >= self.limit
        return found


def fit_rule(known: Labelled, method: RuleMethod, max_missed: float) -> Rule | None:
    """The rule with the limit that cleared most normals out of fold at the same share missed; None where none helps.

    All of it happens on `known`: nothing is promised here, since the promise is made on other studies.
    """
    unsure = out_of_fold(method, known, folds(known.patients, 5))
    limit = _best_limit(unsure, known, max_missed)
    return None if limit is None else rule_of(known, method, limit)


def rule_of(known: Labelled, method: RuleMethod, limit: float) -> Rule:
    """The rule fitted on all of `known`, with a limit that is named."""
    design = Design.fit(known.facts, known.point)
    layers: tuple[Any, ...] = (meta_of(known, design),) if method == "meta" else branch_of(known, design)
    return Rule(
        method=method, design=design, layers=layers, limit=limit, n=len(known.facts), wrong=int(known.wrong.sum())
    )


def effective(score: Floats, unsure: Bools, point: float) -> Floats:
    """The score that is controlled: below the operating point only where a study may be released.

    Examples
    --------
    >>> effective(np.array([0.1, 0.1, 0.9]), np.array([False, True, False]), 0.5).tolist()
    [0.1, 0.5, 0.5]
    """
    return np.where(unsure, point, np.minimum(score, point))


def _best_limit(unsure: Floats, known: Labelled, max_missed: float) -> float | None:
    score, point = known.facts.score, known.point
    below = unsure[score < point]
    best, chosen = _cleared(effective(score, np.zeros(len(score), dtype=np.bool_), point), known, max_missed), None
    for share in _SHARES if len(below) else ():
        limit = float(np.quantile(below, 1 - share))
        found = _cleared(effective(score, unsure >= limit, point), known, max_missed)
        if found > best:
            best, chosen = found, limit
    return chosen


def _cleared(score: Floats, known: Labelled, max_missed: float) -> float:
    """Normals below the greatest threshold at which the sample itself misses no greater share of patients."""
    sick: dict[str, float] = {}
    for name, value, abnormal in zip(known.patients, score, known.abnormal, strict=True):
        if abnormal:
            sick[name] = min(float(value), sick.get(name, np.inf))
    ordered, normal = np.sort(list(sick.values())), score[~known.abnormal]
    if not len(ordered) or not len(normal):
        return 0.0
    return float((normal < ordered[int(max_missed * len(ordered))]).mean())
