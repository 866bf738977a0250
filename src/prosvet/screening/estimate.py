"""The running estimate of what was missed among released studies, and when it breaches what was promised.

Of the studies that were released, a doctor reads a share blind: k of n have a finding. The share missed has an exact
upper bound at any time one looks (Clopper and Pearson). Whether the line must stop is another question, since one looks
after every verdict: a bound for one look would sooner or later stop any line. So the breach is judged by a test that
holds at every look: the evidence is a likelihood ratio, mixed over shares p between the limit p0 and 1, evenly by
their logarithm, since a breach is more often twofold than twentyfold:

    E = mean over p of  p^k (1-p)^(n-k) / (p0^k (1-p0)^(n-k)),

which is a supermartingale while the true share is at most p0; by Ville's inequality it ever reaches 1 / d with a chance
of at most d. At d = 5 % the line stops when E is 20 or more. One missed critical finding stops it at once.
"""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np
from scipy.special import logsumexp

from prosvet.core.types import Frozen
from prosvet.screening.binomial import lower, upper

__all__ = ["Estimate", "estimate", "log_evidence"]

_MOST = 1e9
_GRID = 64  # shares mixed over


class Estimate(Frozen):
    """Misses among audited releases; ``high`` and ``low`` are one-sided bounds at ``confidence``.

    ``limit`` is the share missed among released studies that the promise stands for, ``evidence`` the test's E against
    it (at most 1e9), ``breach`` what stops the line: audit_breach, audit_critical or None.
    """

    audited: int
    missed: int
    critical: int
    value: float | None
    low: float
    high: float
    confidence: float
    limit: float
    evidence: float
    breach: str | None


def estimate(audited: int, missed: int, critical: int, limit: float, confidence: float) -> Estimate:
    """The estimate from counts; a critical miss counts among the misses.

    Examples
    --------
    >>> estimate(40, 0, 0, 0.01, 0.95).breach, estimate(40, 4, 0, 0.01, 0.95).breach
    (None, 'audit_breach')
    """
    evidence = log_evidence(missed, audited, limit)
    found = "audit_breach" if evidence >= -log(1 - confidence) else None
    return Estimate(
        audited=audited, missed=missed, critical=critical, value=missed / audited if audited else None,
        low=lower(missed, audited, confidence), high=upper(missed, audited, confidence), confidence=confidence,
        limit=limit, evidence=exp(min(evidence, log(_MOST))), breach="audit_critical" if critical else found,
    )  # fmt: skip


def log_evidence(k: int, n: int, limit: float) -> float:
    """The logarithm of E for k misses of n at the limit, 0 < limit < 1.

    Examples
    --------
    >>> round(log_evidence(0, 100, 0.01), 2), round(log_evidence(3, 20, 0.01), 2)
    (-2.1, 4.34)
    """
    shares = np.exp(np.log(limit) * (1 - np.arange(1, _GRID) / _GRID))
    ratios = k * (np.log(shares) - log(limit)) + (n - k) * (np.log1p(-shares) - log1p(-limit))
    return float(logsumexp(ratios) - log(len(shares)))
