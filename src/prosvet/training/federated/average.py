"""The arithmetic of a round: what sites send is added up, and nothing else is ever looked at.

An :class:`Update` is two sets of arrays: *sums*, and *counts* of the films behind each of their rows. A site that has
no label of a finding adds zero to both, so it weighs nothing there. All ways of transport (files, Flower, Flower
under secure aggregation) add the same numbers, so they end in the same model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Arrays", "Update", "averaged", "total", "weighted"]

Floats = NDArray[np.float64]
Arrays = Mapping[str, Floats]


@dataclass(frozen=True)
class Update:
    """What one site, or all of them together, say in a round.

    Attributes
    ----------
    sums : mapping of str to ndarray
        Added up over films.
    counts : ndarray, shape (K + 1,)
        Films with a known label, by finding; the last is the number of films.
    """

    sums: Arrays
    counts: Floats


def total(updates: Sequence[Update]) -> Update:
    """The sum of updates.

    Raises
    ------
    ValueError
        When there are none, or their arrays do not have the same names and shapes.
    """
    if not updates:
        raise ValueError("no updates")
    shapes = {tuple((name, array.shape) for name, array in sorted(one.sums.items())) for one in updates}
    if len(shapes) > 1 or len({one.counts.shape for one in updates}) > 1:
        raise ValueError("updates of different shapes")
    sums = {name: np.sum([one.sums[name] for one in updates], axis=0) for name in updates[0].sums}
    return Update(sums, np.sum([one.counts for one in updates], axis=0))


def weighted(arrays: Arrays, counts: Floats, by_finding: frozenset[str]) -> Update:
    """A site's own weights as an update: rows of arrays of `by_finding` times their count, others times all films."""
    sums = {name: array * _count(array, counts, name in by_finding) for name, array in arrays.items()}
    return Update(sums, counts)


def averaged(whole: Update, before: Arrays, by_finding: frozenset[str]) -> dict[str, Floats]:
    """Federated averaging: `whole` divided by its counts; a row behind which no film stands stays as it was `before`.

    Examples
    --------
    >>> a = weighted({"w": np.array([[1.0], [5.0]])}, np.array([3.0, 0.0, 3.0]), frozenset({"w"}))
    >>> b = weighted({"w": np.array([[2.0], [7.0]])}, np.array([1.0, 2.0, 2.0]), frozenset({"w"}))
    >>> averaged(total([a, b]), {"w": np.zeros((2, 1))}, frozenset({"w"}))["w"].ravel().tolist()
    [1.25, 7.0]
    """
    made = {}
    for name, array in whole.sums.items():
        count = _count(array, whole.counts, name in by_finding)
        made[name] = np.where(count > 0, array / np.where(count > 0, count, 1), before[name])
    return made


def _count(array: Floats, counts: Floats, by_finding: bool) -> Floats:
    """Counts that multiply `array`: one a row, or one in all."""
    if not by_finding:
        return counts[-1:].reshape((1,) * array.ndim) if array.ndim else counts[-1].reshape(())
    rows: Floats = counts[:-1].reshape((-1,) + (1,) * (array.ndim - 1))
    return rows
