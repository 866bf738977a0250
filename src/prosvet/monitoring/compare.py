"""One check: every variable of the current windows against the reference, corrected for how many were asked.

Windows are the last so many studies and those of the last so many days, over the whole site, and the last ones of each
device that the reference knows well. Knows no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.monitoring.multiple import adjusted, level_of
from prosvet.monitoring.rules import Rules
from prosvet.monitoring.sample import Sample
from prosvet.monitoring.shifts.categories import category_shift
from prosvet.monitoring.shifts.numbers import number_shift
from prosvet.monitoring.shifts.shift import Shift
from prosvet.monitoring.shifts.vectors import Space, vector_shift
from prosvet.monitoring.variables import EMBEDDING, WATCHED, of_cause

__all__ = ["WHOLE", "Comparer", "Outcome", "Verdicts"]

WHOLE = ""
"""The stream of the whole site; the others bear a device's name."""

_DEVICE_LEAST = 150  # studies of a device in the reference before it is watched on its own
_LATE = of_cause(("latency", "agreement")) | {"cleared"}
_LATE_LEAST = 30  # studies that have what comes later
_DAYS_LEAST = 30  # studies in a window of days


@dataclass(frozen=True)
class Outcome:
    """One test: the stream and the rows of the current sample that it looked at, and what it found.

    ``q`` is the adjusted p-value; ``alarming`` says that it passes the level and the change is large enough.
    """

    stream: str
    variable: str
    rows: NDArray[np.intp]
    shift: Shift
    q: float
    alarming: bool


@dataclass(frozen=True)
class Verdicts:
    """The outcomes of one check, and the level that it was made at."""

    level: float
    outcomes: tuple[Outcome, ...]

    @property
    def alarming(self) -> list[Outcome]:
        """The strongest alarming outcome of each variable of each stream, the surest first."""
        best: dict[tuple[str, str], Outcome] = {}
        for outcome in sorted(self.outcomes, key=lambda one: (one.shift.p, -one.shift.effect)):
            if outcome.alarming:
                best.setdefault((outcome.stream, outcome.variable), outcome)
        return list(best.values())


class Comparer:
    """A reference, ready to be compared with.

    Parameters
    ----------
    seed : int
        Of the tables that are drawn; the same check gives the same answer.
    """

    def __init__(self, reference: Sample, rules: Rules, seed: int = 0) -> None:
        self.reference, self.rules, self._seed = reference, rules, seed
        self._spaces: dict[str, Space | None] = {}

    @cached_property
    def _streams(self) -> dict[str, Sample]:
        """The whole reference, and the part of each device that it knows well."""
        made, devices = {WHOLE: self.reference}, self.reference.categories.get("device")
        if devices is None:
            return made
        names = [name for name in sorted({str(one) for one in devices if one is not None})]
        for name in names if len(names) > 1 else ():
            rows = np.flatnonzero(devices == name)
            if len(rows) >= _DEVICE_LEAST:
                made[name] = self.reference.take(rows)
        return made

    def check(self, current: Sample, fresh: int) -> Verdicts:
        """Compare the windows at the end of `current`, the studies after the reference, of which `fresh` are new."""
        rules, rng = self.rules, np.random.default_rng([self._seed, len(current)])
        level = level_of(
            fresh, false_alarms_a_year=rules.false_alarms_a_year, studies_a_day=rules.studies_a_day
        )  # fmt: skip
        tests = [
            (stream, name, rows, shift)
            for stream, rows in self._windows(current)
            for name, shift in self._shifts(stream, current.take(rows), rng)
        ]
        corrected = adjusted([shift.p for *_, shift in tests])
        return Verdicts(
            level,
            tuple(
                Outcome(stream, name, rows, shift, float(q), q <= level and shift.effect >= rules.least(shift.measure))
                for (stream, name, rows, shift), q in zip(tests, corrected, strict=True)
            ),
        )

    def _windows(self, current: Sample) -> Iterator[tuple[str, NDArray[np.intp]]]:
        rows = np.arange(len(current))
        taken = set()
        for size in self.rules.windows:
            if len(rows) >= size:
                taken.add(size)
                yield WHOLE, rows[-size:]
        if self.rules.days and len(current):
            recent = np.flatnonzero(current.at > current.at[-1] - np.timedelta64(self.rules.days, "D"))
            if len(recent) >= _DAYS_LEAST and len(recent) not in taken and len(recent) < len(self.reference) * 20:
                yield WHOLE, recent
        devices = current.categories.get("device")
        for name in self._streams if devices is not None else ():
            own = np.flatnonzero(devices == name)
            if name != WHOLE and len(own) >= self.rules.device_window:
                yield name, own[-self.rules.device_window :]

    def _shifts(self, stream: str, window: Sample, rng: np.random.Generator) -> Iterator[tuple[str, Shift]]:
        for name in dict.fromkeys([*self.reference.names(), *window.names()]):
            if stream == WHOLE or name != "device":
                found = self.shift_of(stream, name, window, rng)
                if found is not None:
                    yield name, found

    def shift_of(
        self, stream: str, name: str, window: Sample, rng: np.random.Generator | None = None
    ) -> Shift | None:  # fmt: skip
        """One variable of `window` against that of the reference's `stream`; None where nothing can be said."""
        reference = self._streams[stream]
        if name in _LATE:
            return self._late(reference, name, window)
        if name == EMBEDDING:
            space = self._space(stream)
            return None if space is None or window.vectors is None else vector_shift(space, window.vectors)
        if name in reference.numbers or name in window.numbers:
            return number_shift(_numbers(reference, name), _numbers(window, name))
        rng = rng or np.random.default_rng(self._seed)
        return category_shift(_words(reference, name), _words(window, name), rng)

    def _late(self, reference: Sample, name: str, window: Sample) -> Shift | None:
        """What comes later is compared among those that have it: that a new study has none yet is no change."""
        old, new = _words_or_numbers(reference, name), _words_or_numbers(window, name)
        there_old, there_new = ~_absent(old), ~_absent(new)
        if min(there_old.sum(), there_new.sum()) < _LATE_LEAST:
            return None
        if old.dtype == object:
            found = category_shift(old[there_old], new[there_new], np.random.default_rng(self._seed))
        else:
            found = number_shift(old[there_old], new[there_new])
        if found is None:
            return None
        scores = np.full(len(window), np.nan)
        scores[there_new] = found.scores
        return replace(found, scores=scores)

    def _space(self, stream: str) -> Space | None:
        if stream not in self._spaces:
            vectors = self._streams[stream].vectors
            self._spaces[stream] = None if vectors is None else Space.of(vectors)
        return self._spaces[stream]


def _numbers(sample: Sample, name: str) -> NDArray[np.float64]:
    """The column, all missing where the sample has none."""
    return sample.numbers.get(name, np.full(len(sample), np.nan))


def _words(sample: Sample, name: str) -> NDArray[np.object_]:
    return sample.categories.get(name, np.full(len(sample), None, dtype=object))


def _words_or_numbers(sample: Sample, name: str) -> NDArray[Any]:
    return _numbers(sample, name) if WATCHED[name][0] == "number" else _words(sample, name)


def _absent(column: NDArray[Any]) -> NDArray[np.bool_]:
    if column.dtype == object:
        return np.array([value is None for value in column], dtype=bool)
    return np.asarray(np.isnan(column))
