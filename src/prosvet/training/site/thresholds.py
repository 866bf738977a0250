"""The site's thresholds: the model's own, carried over the correction, and moved where they demonstrably fail here.

An operating point says what it is for: ``sensitive`` finds 95 % of the positives, ``balanced`` misses as many films as
it calls wrongly. The carried threshold stays while the site's films do not contradict that; where they do, it moves
towards the site's own, the further the more positives there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from prosvet.evaluation.proportions import wilson
from prosvet.models.adapter import SitePoint, log_odds
from prosvet.training.calibrate import operating_points
from prosvet.training.site.linear import Line

__all__ = ["carried", "site_points"]

Floats = NDArray[np.float64]

_SENSITIVE = 0.95
_CHANCE = 0.05
_HOLD = 30.0  # positives of the site that weigh as much as the model's own threshold


def carried(threshold: float, line: Line | None, own: Floats, z: Floats, vectors: Floats) -> float:
    """The threshold of the corrected log-odds that stands for the model's own `threshold` (a probability).

    After a recalibration it calls exactly the same films; a residual is taken at its mean over the site's films.
    """
    here = float(log_odds(np.array([threshold]))[0])
    if line is None:
        return here
    return line.scale * here + float((line(own, z, vectors) - line.scale * own).mean())


def site_points(carried_z: dict[str, float], z: Floats, labels: Floats) -> dict[str, SitePoint]:
    """The thresholds of a finding, by the name of the operating point.

    Parameters
    ----------
    carried_z : dict of name to log-odds
    z : ndarray, shape (N,)
        Corrected log-odds of films, each out of its fold.
    labels : ndarray, shape (N,)
    """
    own = operating_points(_p(z), labels)
    found = {}
    for name, start in carried_z.items():
        at, moved = start, False
        if name in own and _fails(name, z >= start, labels):
            local = float(log_odds(np.array([own[name][0]]))[0])
            n = float(min((labels == 1).sum(), (labels == 0).sum()))
            at, moved = (n * local + _HOLD * start) / (n + _HOLD), True
        threshold = round(float(_p(np.array([at]))[0]), 4)
        called = np.round(_p(z), 4) >= threshold
        found[name] = SitePoint(
            threshold=threshold, sensitivity=_share(called[labels == 1]), specificity=_share(~called[labels == 0]),
            moved=moved,
        )  # fmt: skip
    return found


def _fails(name: str, called: NDArray[np.bool_], labels: Floats) -> bool:
    if name == "sensitive":
        sick = called[labels == 1]
        share = wilson(int(sick.sum()), len(sick))
        return not share.low <= _SENSITIVE <= share.high
    wrong, missed = int((called & (labels == 0)).sum()), int((~called & (labels == 1)).sum())
    return wrong + missed > 0 and float(binomtest(wrong, wrong + missed).pvalue) < _CHANCE


def _p(z: Floats) -> Floats:
    found: Floats = 1 / (1 + np.exp(-z))
    return found


def _share(called: NDArray[np.bool_]) -> float:
    return round(float(called.mean()), 4) if len(called) else 0.0
