"""The measures on the same studies, side by side, and which of them to use: a better one only where it is proved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prosvet.core.types import Frozen
from prosvet.screening.confidence.curves import COVERAGES, Band, Bools, Floats, areas, band, curve, risks, weights_of
from prosvet.screening.confidence.folds import folds
from prosvet.screening.confidence.methods import Labelled, available, fit, out_of_fold

__all__ = ["FOLDS", "Measured", "across", "chosen", "compare", "measured"]

FOLDS = 5
_LEVEL = 0.05


class Measured(Frozen):
    """One measure.

    Attributes
    ----------
    aurc, excess : Band
        Area under the risk-coverage curve, and what of it lies above the best possible order; less is better.
    difference : Band or None
        Of the area, less that of the score on the same resamples, corrected for the number of measures compared; None
        for the score itself.
    risks : tuple of Band
        Share wrong among the surest 50, 70, 80, 90 and 100 % of studies.
    curve : tuple of (coverage, risk)
    """

    method: str
    aurc: Band
    excess: Band
    difference: Band | None
    risks: tuple[Band, ...]
    curve: tuple[tuple[float, float], ...]

    @property
    def better(self) -> bool:
        """Proved to order errors better than the score does."""
        return self.difference is not None and self.difference.high < 0


def compare(known: Labelled, groups: Sequence[str] | None = None, resamples: int = 1000) -> tuple[Measured, ...]:
    """Every measure that the facts allow, each asked only of studies that it was not fitted on.

    Parameters
    ----------
    groups : sequence of str, optional
        Leave out one whole group (a source) at a time; patients in five parts by default.
    """
    parts = np.unique(np.asarray(groups), return_inverse=True)[1] if groups else folds(known.patients, FOLDS)
    names = available(known.facts)
    return measured({name: out_of_fold(name, known, parts) for name in names}, known.wrong, known.patients, resamples)


def across(known: Labelled, others: Labelled, resamples: int = 1000) -> tuple[Measured, ...]:
    """Every measure fitted on `known` and asked of `others`, whose labels only judge."""
    names = [name for name in available(known.facts) if name in available(others.facts)]
    found = {name: fit(name, known)(others.facts) for name in names}
    return measured(found, others.wrong, others.patients, resamples)


def measured(
    unsure: dict[str, Floats], wrong: Bools, patients: Sequence[str], resamples: int = 1000, seed: int = 0
) -> tuple[Measured, ...]:
    """The figures with intervals over patients; differences are paired, at 5 % over all measures (Bonferroni)."""
    weights = weights_of(patients, resamples, seed)
    base, _ = areas(unsure["score"], wrong, weights)
    tail = _LEVEL / 2 / max(1, len(unsure) - 1)
    found = []
    for name, value in unsure.items():
        area, excess = areas(value, wrong, weights)
        at = risks(value, wrong, weights)
        found.append(Measured(
            method=name, aurc=band(area), excess=band(excess),
            difference=None if name == "score" else band(area - base, tail),
            risks=tuple(band(at[:, n]) for n in range(len(COVERAGES))), curve=tuple(curve(value, wrong)),
        ))  # fmt: skip
    return tuple(found)


def chosen(found: Sequence[Measured]) -> str:
    """The least area of those proved to be better than the score; the score where none is."""
    better = [one for one in found if one.better]
    return min(better, key=lambda one: one.aurc.value).method if better else "score"
