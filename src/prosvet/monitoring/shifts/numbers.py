"""Numbers: Kolmogorov-Smirnov and Mann-Whitney for whether, Wasserstein's distance for how much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from prosvet.monitoring.shifts.shift import Measure, Shift, Summary

__all__ = ["FEWEST", "number_shift"]

FEWEST = 15
"""With fewer values on a side no distribution is compared."""

_Values = NDArray[np.float64]


def number_shift(reference: _Values, current: _Values) -> Shift | None:
    """Compare two columns (N,) and (M,) of numbers with NaN for none; None when there is too little to compare.

    The p-value is the least of several, times their number: Kolmogorov and Smirnov's test sees any change of shape,
    Mann and Whitney's sees a shift of the whole sooner, Fisher's exact test sees values that go missing.
    """
    old, new = reference[~np.isnan(reference)], current[~np.isnan(current)]
    missing_p = _missing(len(reference), len(old), len(current), len(new))
    if min(len(old), len(new)) < FEWEST:
        if missing_p is None:
            return None
        gone = abs(len(new) / len(current) - len(old) / len(reference))
        scores = np.where(np.isnan(current) == (len(new) < len(old)), 1.0, 0.0)
        before, after = _summary(reference, old), _summary(current, new)
        return Shift("fisher", missing_p, gone, "total_variation", before, after, scores)
    tests = {"kolmogorov_smirnov": _kolmogorov_smirnov(old, new), "mann_whitney": _mann_whitney(old, new)}
    tests |= {} if missing_p is None else {"fisher": missing_p}
    name = min(tests, key=lambda test: tests[test])
    p = tests[name] * len(tests)
    scale = _scale(old, new)
    measure: Measure = "wasserstein"
    effect = float(stats.wasserstein_distance(old, new)) / scale
    if name == "fisher":  # what changed is how many have a value: that share is the effect
        effect, measure = abs(len(new) / len(current) - len(old) / len(reference)), "total_variation"
    direction = 1.0 if np.mean(new) >= np.mean(old) else -1.0
    scores = direction * (current - np.median(old)) / scale
    baseline = direction * float(np.mean(old) - np.median(old)) / scale
    before, after = _summary(reference, old), _summary(current, new)
    return Shift(name, min(p, 1.0), effect, measure, before, after, scores, baseline)


def _kolmogorov_smirnov(old: _Values, new: _Values) -> float:
    """By Stephens's approximation; ties make it too cautious, never too bold."""
    grid = np.concatenate([old, new])
    below = [np.searchsorted(np.sort(side), grid, side="right") / len(side) for side in (old, new)]
    root = np.sqrt(len(old) * len(new) / (len(old) + len(new)))
    return float(special.kolmogorov((root + 0.12 + 0.11 / root) * np.abs(below[0] - below[1]).max()))


def _mann_whitney(old: _Values, new: _Values) -> float:
    """By the normal approximation with ties; 1 where all values are one."""
    n, m = len(old), len(new)
    ranks = stats.rankdata(np.concatenate([old, new]))
    _, ties = np.unique(ranks, return_counts=True)
    spread = n * m / 12 * (n + m + 1 - float((ties**3 - ties).sum()) / ((n + m) * (n + m - 1)))
    if spread <= 0:
        return 1.0
    away = abs(float(ranks[n:].sum()) - m * (n + m + 1) / 2) - 0.5
    return float(2 * special.ndtr(-max(away, 0.0) / np.sqrt(spread)))


def _missing(whole_old: int, old: int, whole_new: int, new: int) -> float | None:
    """Fisher's exact test on how many have a value; None when all have or none has."""
    if (old, new) == (whole_old, whole_new) or old == new == 0:
        return None
    return float(stats.fisher_exact([[old, whole_old - old], [new, whole_new - new]]).pvalue)


def _scale(old: _Values, new: _Values) -> float:
    """The reference's standard deviation, robust to its tails; of a constant reference, whatever spread there is."""
    low, high = np.percentile(old, [25, 75])
    found = max(float(high - low) / 1.349, 0.25 * float(np.std(old)))
    return found or float(np.std(np.concatenate([old, new]))) or 1.0


def _summary(whole: _Values, values: _Values) -> Summary:
    facts: Summary = {"n": float(len(whole)), "missing": 1 - len(values) / max(len(whole), 1)}
    if len(values):
        low, middle, high = (float(value) for value in np.percentile(values, [25, 50, 75]))
        facts |= {"mean": float(np.mean(values)), "low": low, "median": middle, "high": high}
    return facts
