"""Two models on the same films: paired tests of AUROC and of calls, with films of one patient taken together.

AUROC by DeLong, DeLong and Clarke-Pearson (1988), in the form for clusters (Obuchowski, 1997): each film's part in the
difference is summed over its patient. With a film a patient it is DeLong's own test. Calls at the operating point by
the exact sign test over patients whose share of right calls changed (with a film a patient: McNemar's exact test),
and an interval after Agresti and Min (2005), which does not shrink to nothing when no call changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm, rankdata

__all__ = ["PairedTest", "auroc_test", "calls_test"]

Floats = NDArray[np.float64]
_Z = float(norm.ppf(0.975))


@dataclass(frozen=True)
class PairedTest:
    """The first model, the second, and their difference with its 95 % interval and two-sided probability."""

    first: float
    second: float
    value: float
    low: float
    high: float
    p: float


def auroc_test(first: Floats, second: Floats, sick: NDArray[np.bool_], patients: NDArray[np.str_]) -> PairedTest:
    """Difference of two correlated areas.

    Parameters
    ----------
    first, second : ndarray, shape (N,)
        Scores of both models on the same films.
    sick : ndarray of bool, shape (N,)
        Two films of each kind at least.
    patients : ndarray of str, shape (N,)

    Examples
    --------
    >>> scores = np.array([0.1, 0.4, 0.35, 0.8])
    >>> auroc_test(scores, scores, np.array([False, False, True, True]), np.array(list("abcd"))).p
    1.0
    """
    areas, parts = zip(*(_placements(scores, sick) for scores in (first, second)), strict=True)
    value = areas[1] - areas[0]
    _, of = np.unique(patients, return_inverse=True)
    spread = float(np.sqrt((np.bincount(of, weights=parts[1] - parts[0]) ** 2).sum()))
    p = float(2 * norm.sf(abs(value) / spread)) if spread > 0 else float(value == 0)
    return PairedTest(areas[0], areas[1], value, value - _Z * spread, value + _Z * spread, p)


def _placements(scores: Floats, sick: NDArray[np.bool_]) -> tuple[float, Floats]:
    """The area, and each film's part in its error, so that the squares of the parts sum to DeLong's variance."""
    ranks = rankdata(scores)
    above, below = sick, ~sick
    n, m = int(above.sum()), int(below.sum())
    v10 = (ranks[above] - rankdata(scores[above])) / m
    v01 = 1 - (ranks[below] - rankdata(scores[below])) / n
    area = float(v10.mean())
    parts = np.empty(len(scores))
    parts[above] = (v10 - area) / np.sqrt(n * (n - 1))
    parts[below] = (v01 - area) / np.sqrt(m * (m - 1))
    return area, parts


def calls_test(first: NDArray[np.bool_], second: NDArray[np.bool_], patients: NDArray[np.str_]) -> PairedTest:
    """Difference of the shares of right calls; `first` and `second` (N,) say which calls were right.

    The shares are means over patients of each patient's own share.

    Examples
    --------
    >>> both = np.array([True, False])
    >>> calls_test(both, both, np.array(["a", "b"])).p
    1.0
    """
    _, of = np.unique(patients, return_inverse=True)
    count = np.bincount(of)
    one, two = (np.bincount(of, weights=right.astype(float)) / count for right in (first, second))
    change = two - one
    moved = change[np.abs(change) > 1e-12]
    p = float(binomtest(int((moved > 0).sum()), len(moved)).pvalue) if len(moved) else 1.0
    n = len(change) + 2  # half an observation more in each of the four cells
    middle = float(change.sum()) / n
    spread = float(np.sqrt(max(((change**2).sum() + 1) / n - middle**2, 0.0) / n))
    low, high = max(-1.0, middle - _Z * spread), min(1.0, middle + _Z * spread)
    return PairedTest(float(one.mean()), float(two.mean()), float(change.mean()), low, high, p)
