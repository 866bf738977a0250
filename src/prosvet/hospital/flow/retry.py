"""How long to wait before another try."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta

__all__ = ["Retry"]


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential back-off with jitter, so that many that failed together do not come back together.

    Attributes
    ----------
    first, longest : float
        Seconds before the second try, and at most.
    tries : int
        Of an object that the peer says it cannot take now; after them it is a dead letter.
    patience : timedelta
        How long a destination may not answer at all before what waits for it is given up: longer than a weekend.
    checks : tuple of float
        Seconds before each look whether what was accepted is there; after the last one it is sent again.
    answers : tuple of float
        Seconds that the report on each request for storage commitment may take before the next request; after the
        last one the result is sent again. A report that comes later counts all the same.
    """

    first: float = 5.0
    longest: float = 1800.0
    tries: int = 12
    patience: timedelta = timedelta(days=7)
    checks: tuple[float, ...] = (2.0, 30.0, 300.0, 1800.0)
    answers: tuple[float, ...] = (120.0, 900.0, 3600.0, 21600.0)

    def wait(self, failures: int) -> timedelta:
        """Before the next try, after so many failures (from 1).

        Examples
        --------
        >>> 3.0 <= Retry().wait(1).total_seconds() <= 5.0 <= Retry(first=20).wait(1).total_seconds()
        True
        """
        full = min(self.longest, self.first * 2.0 ** min(failures - 1, 30))
        return timedelta(seconds=full * random.uniform(0.6, 1.0))
