r"""Selective risk: of the studies that are kept because the model seems sure, the share on which it is wrong.

Studies are ordered from the surest to the least sure; at coverage c the surest share c is kept. The area under the
risk-coverage curve (AURC) is the mean of that risk over coverages 1/n..1; the least that an ordering can reach with the
same errors puts all of them last, and what lies above it is the excess (E-AURC: Geifman, Uziel and El-Yaniv, 2019,
arXiv:1805.08206). Studies equally sure have no order: each such block is kept in part, at its own mean risk, so that
the order of the table changes nothing.

All figures are written over weights of studies, so that a bootstrap by patient (a weight is how often the patient was
drawn) is one pass for many resamples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prosvet.core.types import Frozen

__all__ = ["COVERAGES", "Band", "Bools", "Floats", "areas", "band", "curve", "risks", "weights_of"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

COVERAGES = (0.5, 0.7, 0.8, 0.9, 1.0)
_CELLS = 1 << 21  # weights held at once


class Band(Frozen):
    """A figure with its 95 % interval over patients."""

    value: float
    low: float
    high: float


def weights_of(groups: Sequence[str], resamples: int, seed: int) -> Floats:
    """Weights (1 + resamples, N): all ones first, then how often each row's group was drawn.

    Examples
    --------
    >>> drawn = weights_of(["a", "a", "b"], 4, 0)
    >>> drawn.shape, bool((drawn[:, 0] == drawn[:, 1]).all()), set(drawn[1:, ::2].sum(axis=1))
    ((5, 3), True, {np.float64(2.0)})
    """
    names, of = np.unique(np.asarray(groups), return_inverse=True)
    random = np.random.default_rng(seed)
    counts = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    return np.concatenate([np.ones((1, len(of))), counts[:, of].astype(np.float64)])


def risks(unsure: Floats, wrong: Bools, weights: Floats, coverages: Sequence[float] = COVERAGES) -> Floats:
    """Selective risk (R, C) at each coverage, NaN for a resample without studies.

    Parameters
    ----------
    unsure : ndarray, shape (N,)
        The higher, the less sure.
    wrong : ndarray, shape (N,)
    weights : ndarray, shape (R, N)
    """
    return np.concatenate([_at(*_blocks(unsure, wrong, part), coverages) for part in _parts(weights)])


def areas(unsure: Floats, wrong: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """AURC and E-AURC (R,) of every resample.

    Examples
    --------
    >>> wrong = np.array([False, False, True, False])
    >>> area, excess = areas(np.array([0.1, 0.2, 0.3, 0.4]), wrong, np.ones((1, 4)))
    >>> round(float(area[0]), 4), round(float(excess[0]), 4)
    (0.1458, 0.0833)
    """
    found = [(_area(*_blocks(unsure, wrong, part)), _area(*_blocks(wrong.astype(np.float64), wrong, part)))
             for part in _parts(weights)]  # fmt: skip
    area = np.concatenate([one for one, _ in found])
    return area, area - np.concatenate([least for _, least in found])


def curve(unsure: Floats, wrong: Bools, points: int = 60) -> list[tuple[float, float]]:
    """The curve as (coverage, risk) at even steps, for a picture; coverages below 5 % are left out as noise."""
    steps = np.linspace(0.05, 1.0, points)
    values = risks(unsure, wrong, np.ones((1, len(unsure))), list(steps))[0]
    return [(float(x), float(y)) for x, y in zip(steps, values, strict=True)]


def band(values: Floats, tail: float = 0.025) -> Band:
    """The first value (of all data) with the percentiles of the rest."""
    rest = values[1:][np.isfinite(values[1:])]
    low, high = np.quantile(rest, [tail, 1 - tail]) if rest.size else (np.nan, np.nan)
    return Band(value=float(values[0]), low=float(low), high=float(high))


def _parts(weights: Floats) -> list[Floats]:
    rows = max(1, _CELLS // max(1, weights.shape[1]))
    return [weights[start : start + rows] for start in range(0, len(weights), rows)]


def _blocks(unsure: Floats, wrong: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Weight and weight of the wrong ones (R, B) of each block of studies that are equally sure, the surest first."""
    order = np.argsort(unsure, kind="stable")
    starts = np.flatnonzero(np.diff(unsure[order], prepend=-np.inf) > 0)
    sorted_ = weights[:, order]
    return np.add.reduceat(sorted_, starts, axis=1), np.add.reduceat(sorted_ * wrong[order], starts, axis=1)


def _at(mass: Floats, bad: Floats, coverages: Sequence[float]) -> Floats:
    total = mass.sum(axis=1, keepdims=True)
    edges, errors = (np.concatenate([np.zeros((len(m), 1)), m.cumsum(axis=1)], axis=1) for m in (mass, bad))
    made = np.empty((len(mass), len(coverages)))
    for row in range(len(mass)):
        if not total[row, 0]:
            made[row] = np.nan
            continue
        kept = np.asarray(coverages) * total[row, 0]
        made[row] = np.interp(kept, edges[row], errors[row]) / kept
    return made


def _area(mass: Floats, bad: Floats) -> Floats:
    """Mean risk over coverages 1/n, 2/n, .. 1, a block of m equal studies counted as its m steps at mean risk."""
    before, wrong_before = mass.cumsum(axis=1) - mass, bad.cumsum(axis=1) - bad
    rate = np.divide(bad, mass, out=np.zeros_like(bad), where=mass > 0)
    # Sum over j = 1..m of (wrong + rate * j) / (before + j) = rate * m + (wrong - rate * before) * (H(n+m) - H(n)).
    most = round(float(mass.sum(axis=1).max()))
    harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, most + 1))])
    steps = harmonic[np.rint(before + mass).astype(int)] - harmonic[np.rint(before).astype(int)]
    total = mass.sum(axis=1)
    area = (rate * mass + (wrong_before - rate * before) * steps).sum(axis=1)
    made: Floats = np.divide(area, total, out=np.full(len(total), np.nan), where=total > 0)
    return made
