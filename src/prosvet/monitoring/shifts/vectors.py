"""Vectors: a classifier two-sample test. Can a linear classifier, learned on one half, tell the other half apart?

Lopez-Paz & Oquab, "Revisiting classifier two-sample tests", ICLR 2017. The classifier is Fisher's discriminant in the
principal components of the reference; the held-out scores are compared by Mann and Whitney's test, so that the p-value
needs no permutations and is as small as the evidence allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from prosvet.monitoring.shifts.shift import Shift

__all__ = ["Space", "vector_shift"]

_COMPONENTS = 24
_FEWEST = 20  # vectors on either side
_RIDGE = 0.1  # of the mean variance: small windows must not invert noise

_Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Space:
    """Principal components of a reference: its mean (D,), the axes (D, K), and its own vectors in them (N, K)."""

    mean: _Matrix
    axes: _Matrix
    reference: _Matrix

    @classmethod
    def of(cls, vectors: NDArray[np.float32]) -> Self | None:
        """The space of the rows that are there; None for too few."""
        kept = vectors[~np.isnan(vectors[:, 0])].astype(np.float64)
        if len(kept) < 2 * _FEWEST:
            return None
        mean = kept.mean(axis=0)
        _, _, rows = np.linalg.svd(kept - mean, full_matrices=False)
        axes = rows[:_COMPONENTS].T
        return cls(mean, axes, (kept - mean) @ axes)

    def place(self, vectors: NDArray[np.float32]) -> _Matrix:
        """Vectors (M, D) in this space (M, K)."""
        found: _Matrix = (vectors.astype(np.float64) - self.mean) @ self.axes
        return found


def vector_shift(space: Space, current: NDArray[np.float32]) -> Shift | None:
    """Compare current vectors (M, D), NaN for none, with the reference of `space`; None for too few.

    Halves are every other vector; each is scored by the classifier of the other. The p-value is twice the lesser of
    the two halves', the effect the mean of their AUROCs.
    """
    there = ~np.isnan(current[:, 0])
    new, old = space.place(current[there]), space.reference
    if len(new) < _FEWEST:
        return None
    half_new, half_old = np.arange(len(new)) % 2 == 0, np.arange(len(old)) % 2 == 0
    scores, least, aurocs = np.full(len(new), np.nan), 1.0, []
    for side in (True, False):
        learn_new, learn_old = new[half_new == side], old[half_old == side]
        axis = _discriminant(learn_old, learn_new)
        held_new, held_old = new[half_new != side] @ axis, old[half_old != side] @ axis
        test = stats.mannwhitneyu(held_new, held_old, alternative="greater", method="asymptotic")
        least = min(least, float(test.pvalue))
        aurocs.append(float(test.statistic) / (len(held_new) * len(held_old)))
        scores[half_new != side] = (held_new - np.median(held_old)) / (np.std(held_old) or 1.0)
    whole = np.full(len(current), np.nan)
    whole[there] = scores
    before, after = {"n": float(len(old))}, {"n": float(len(new)), "auroc": float(np.mean(aurocs))}
    return Shift("classifier", min(2 * least, 1.0), float(np.mean(aurocs)), "auroc", before, after, whole)


def _discriminant(old: _Matrix, new: _Matrix) -> _Matrix:
    """The direction along which `new` (M, K) lies apart from `old` (N, K), by their pooled covariance."""
    inner = np.concatenate([old - old.mean(axis=0), new - new.mean(axis=0)])
    covariance = inner.T @ inner / len(inner)
    covariance += _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return np.asarray(np.linalg.solve(covariance, new.mean(axis=0) - old.mean(axis=0)))
