"""Categories: an exact test on the table of counts, and a test of its own for what was never seen before."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from prosvet.monitoring.shifts.shift import Shift, Summary

__all__ = ["NONE", "category_shift"]

NONE = "—"
"""The category of a study that has no value: that a device stops writing a tag is a change too."""

_Values = NDArray[np.object_]
_DRAWS = (500, 20_000, 400_000)  # as many as it takes: a small p-value is worth more draws
_ENOUGH = 20  # draws as extreme as what was seen
_CLOSE = 0.05  # above it chi-square's approximation is good enough: no alarm is ever decided there


def category_shift(reference: _Values, current: _Values, rng: np.random.Generator) -> Shift | None:
    """Compare two columns (N,) and (M,) of words, None for none; None when either is empty or all are of one category.

    Categories that the reference never had are one cell with a test of their own (how likely is it that all of them
    fell to the current side?); the p-value is twice the lesser of the two. Cells are few and counts small, so the
    tail is drawn, not approximated: tables with the same margins, until enough are as extreme.
    """
    old, new = _counts(reference), _counts(current)
    names = sorted({*old, *new})
    if not len(reference) or not len(current) or len(names) < 2:
        return None
    unseen = sum(count for name, count in new.items() if name not in old)
    p = _table(np.array([[old[name] for name in names], [new[name] for name in names]]), rng)
    test = "exact_table"
    if unseen:
        fresh = float(stats.hypergeom.sf(unseen - 1, len(reference) + len(current), unseen, len(current)))
        p, test = (2 * fresh, "unseen_category") if fresh < p else (2 * p, test)
    before, after = _shares(old, len(reference)), _shares(new, len(current))
    effect = sum(abs(before.get(name, 0.0) - after.get(name, 0.0)) for name in names) / 2
    ratio = _excess(names, before, after, min(len(reference), len(current)))
    scores = np.array([ratio[NONE if value is None else str(value)] for value in current])
    baseline = sum(share * ratio[name] for name, share in before.items())
    return Shift(test, min(p, 1.0), effect, "total_variation", before, after, scores, baseline)


def _counts(column: _Values) -> Counter[str]:
    return Counter(NONE if value is None else str(value) for value in column)


def _shares(counts: Counter[str], n: int) -> Summary:
    return {name: count / n for name, count in counts.most_common()}


def _table(table: NDArray[np.int64], rng: np.random.Generator) -> float:
    """Two rows of counts: by hypergeometric probabilities for two columns, by drawn tables for more."""
    if table.shape[1] == 2:
        return float(stats.fisher_exact(table).pvalue)
    approximate = float(stats.chi2_contingency(table, correction=False).pvalue)
    if approximate > _CLOSE:
        return approximate
    columns, small = table.sum(axis=0), int(table[1].sum())
    expected = columns * small / columns.sum()
    seen = _statistic(table[1][None], expected)[0]
    drawn = extreme = 0
    for draws in _DRAWS:
        tables = rng.multivariate_hypergeometric(columns, small, size=draws, method="marginals")
        extreme += int((_statistic(tables, expected) >= seen - 1e-9).sum())
        drawn += draws
        if extreme >= _ENOUGH:
            break
    return (extreme + 1) / (drawn + 1)


def _statistic(rows: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's, of the current row; with both margins fixed the other row tells nothing more."""
    found: NDArray[np.float64] = ((rows - expected) ** 2 / expected).sum(axis=1)
    return found


def _excess(names: list[str], before: Summary, after: Summary, n: int) -> dict[str, float]:
    """Logarithm of how much more frequent each category is now than it was; half a study stands for none."""
    least = 0.5 / n
    return {name: float(np.log(max(after.get(name, 0.0), least) / max(before.get(name, 0.0), least))) for name in names}
