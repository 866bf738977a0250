"""From a changed variable to studies: which show the change at its plainest, which are the oddest, and since when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shown", "begun_at", "shown"]

_SHOWN = 4
_FIRST = 3  # a change is not dated to fewer last studies than this


@dataclass(frozen=True)
class Shown:
    """A row of the window; ``influence`` is its share of the window's whole excess over the reference."""

    row: int
    influence: float


def shown(scores: NDArray[np.float64], baseline: float, most: int = _SHOWN) -> tuple[list[Shown], list[Shown]]:
    """(typical, odd): the studies in the middle of those that make the change, and those farthest out.

    Examples
    --------
    >>> typical, odd = shown(np.array([0.0, 0.1, 5.0, 5.2, 9.0]), 0.0, most=1)
    >>> typical[0].row, odd[0].row
    (3, 4)
    """
    excess = np.where(np.isnan(scores), -np.inf, scores - baseline)
    moved = np.flatnonzero(excess > max(0.0, float(np.nanmean(np.where(np.isinf(excess), np.nan, excess))) / 2))
    if not len(moved):
        return [], []
    whole = float(excess[moved].sum()) or 1.0
    middle = float(np.median(excess[moved]))
    near = moved[np.argsort(np.abs(excess[moved] - middle), kind="stable")]
    far = moved[np.argsort(-excess[moved], kind="stable")]
    typical, odd = near[:most], [row for row in far if row not in set(near[:most])][:most]
    return (
        [Shown(int(row), float(excess[row]) / whole) for row in typical],
        [Shown(int(row), float(excess[row]) / whole) for row in odd],
    )


def begun_at(scores: NDArray[np.float64], baseline: float) -> int:
    """The row that the change most likely began with: where the sum of what follows stands out most for its length.

    The maximum-likelihood point of one upward step of the mean against a known mean, to the end of the series.

    Examples
    --------
    >>> begun_at(np.array([0.0, 0.1, -0.1, 2.0, 2.1, 1.9]), 0.0)
    3
    """
    excess = np.nan_to_num(scores - baseline, nan=0.0)
    following = np.cumsum(excess[::-1])[::-1]
    length = np.arange(len(excess), 0, -1)
    stand_out = np.where(length >= min(_FIRST, len(excess)), following / np.sqrt(length), -np.inf)
    return int(np.argmax(stand_out))
