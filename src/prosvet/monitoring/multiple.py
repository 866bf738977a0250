"""Many tests, again and again: what keeps the number of false alarms a year a number that one chooses.

Within a check: Benjamini-Hochberg over every test of it. When nothing changed, every rejection is false, and the
chance of any is at most the level of the check (Simes; under the positive dependence of overlapping windows).

Over time: a check that follows ``k`` new studies is made at the level ``F * k / (365 * studies a day)``. Levels of a
year add up to F however often one checks, and since expectations add up whatever the dependence, the expected number
of checks that raise a false alarm is at most F a year. It holds on average over references: one that is itself an
unlucky draw has more, a lucky one fewer. It takes studies that are exchangeable when nothing changed; seasons, weekdays
and a patient's repeated films are changes to it, which is why an alarm also needs an effect of some size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST_LEVEL", "adjusted", "level_of"]

LARGEST_LEVEL = 0.01
"""A check after a long pause spends no more than this: a year's worth at once would call anything a change."""


def level_of(fresh: int, *, false_alarms_a_year: float, studies_a_day: float) -> float:
    """The level of a check that follows `fresh` new studies.

    Examples
    --------
    >>> round(level_of(25, false_alarms_a_year=1.0, studies_a_day=100), 6)
    0.000685
    """
    return min(false_alarms_a_year * fresh / (365.0 * studies_a_day), LARGEST_LEVEL)


def adjusted(p: Sequence[float]) -> NDArray[np.float64]:
    """Benjamini-Hochberg's adjusted p-values: reject those at or below the level.

    Examples
    --------
    >>> adjusted([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values)
    scaled = values[order] * len(values) / np.arange(1, len(values) + 1)
    falling = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    back = np.empty_like(falling)
    back[order] = falling
    return back
