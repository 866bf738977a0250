"""Exact statements on a share of which k of n were counted (Clopper and Pearson, 1934)."""

from __future__ import annotations

from math import ceil, log1p
from math import log as natural

from scipy.stats import beta, binom

from prosvet.core.types import Frozen

__all__ = ["Share", "allowed", "best_target", "lower", "needed", "share", "upper"]


class Share(Frozen):
    """``k`` of ``n`` with a two-sided 95 % interval; no value where n is 0."""

    k: int
    n: int
    value: float | None
    low: float | None
    high: float | None


def upper(k: float, n: float, confidence: float) -> float:
    """One-sided upper bound of Clopper and Pearson.

    Examples
    --------
    >>> round(upper(0, 299, 0.95), 6)
    0.009969
    """
    return 1.0 if k >= n else float(beta.ppf(confidence, k + 1, n - k))


def lower(k: float, n: float, confidence: float) -> float:
    """One-sided lower bound of Clopper and Pearson."""
    return 0.0 if k <= 0 else float(beta.ppf(1 - confidence, k, n - k + 1))


def share(k: int, n: int, units: int | None = None) -> Share:
    """The share with its exact two-sided 95 % interval; with fewer independent `units` than rows, as wide as theirs."""
    if n == 0:
        return Share(k=0, n=0, value=None, low=None, high=None)
    value, effective = k / n, min(n, units) if units else n
    at = value * effective
    return Share(k=k, n=n, value=value, low=lower(at, effective, 0.975), high=upper(at, effective, 0.975))


def needed(max_missed: float, confidence: float) -> int:
    """The fewest cases that can prove a share of misses of at most `max_missed`, none of them missed.

    Examples
    --------
    >>> needed(0.01, 0.95), needed(0.001, 0.95)
    (299, 2995)
    """
    return ceil(natural(1 - confidence) / log1p(-max_missed) - 1e-9)


def best_target(n: int, confidence: float) -> float:
    """The least share of misses that `n` cases can prove, none of them missed; 1 for no case.

    Examples
    --------
    >>> round(best_target(59, 0.95), 4)
    0.0495
    """
    return float(1 - (1 - confidence) ** (1 / n)) if n else 1.0


def allowed(n: int, max_missed: float, confidence: float) -> int | None:
    """How many of `n` cases may be missed with the target still proved; None where even none is too many.

    Examples
    --------
    >>> allowed(299, 0.01, 0.95), allowed(298, 0.01, 0.95), allowed(1000, 0.01, 0.95)
    (0, None, 4)
    """
    k = int(binom.ppf(1 - confidence, n, max_missed))
    if binom.cdf(k, n, max_missed) > 1 - confidence:
        k -= 1
    return k if k >= 0 else None
