r"""The greatest threshold that a labelled sample proves: risk control without assumptions on the scores.

What is promised
----------------
A study is released when its score lies **below** the threshold t. The risk is R(t) = P(score < t | abnormal), the share
of abnormal studies that are released; class-conditional, so that no amount of normals can dilute it. :func:`control`
chooses t' from the scores of n abnormal studies so that

    P( R(t') <= max_missed ) >= confidence,

the probability being over the draw of those n studies. In words: of a hundred sites (or of a hundred calibration sets
of one site) that choose their threshold in this way at 95 %, no more than five will on average hold a threshold whose
true share of misses is above the target. It is no statement about one study, and none about normals.

What is assumed
---------------
That the n abnormal studies are drawn independently from the distribution of the abnormal studies to come (the same
clinic, devices, case mix, labels); nothing else, neither of the shape of the scores nor of the model's quality. Studies
of one patient are not independent: with patients named, a patient is one draw, whose score is the lowest of their
abnormal studies, and R(t) is the share of abnormal *patients* with any abnormal study released.

Why it holds at a threshold that the data chose
-----------------------------------------------
This is Learn then Test (Angelopoulos, Bates, Candès, Jordan, Lei, 2021, arXiv:2110.01052; Bates et al., 2021,
arXiv:2101.02703) with fixed-sequence testing along all thresholds from the safest (release nothing) up. H_t says that
R(t) > a. Its p-value is P(Bin(n, a) <= k(t)), k(t) being how many of the sample lie below t, and t' is the greatest t
up to which each H_t is rejected at d = 1 - confidence. A grid is not needed:

1. R and k do not fall as t grows. R(t) = P(score < t) is left-continuous, so R(t) <= a just for t <= t*, and the true
   hypotheses are all t > t*.
2. t' breaks the promise only when some t > t* is rejected. p-values do not fall as t grows, so then those just above
   t* are rejected too, where k = #{score <= t*}.
3. That count is Bin(n, q) with q = P(score <= t*) >= a, which is stochastically no less than Bin(n, a). So the chance
   of a rejection is at most P( P(Bin(n, a) <= B) <= d ) <= d, B being Bin(n, a).

Ties need no care: a score equal to t is not released. Since the p-value depends on k(t) alone, t' is the (m+1)-th
lowest abnormal score, m the greatest count with P(Bin(n, a) <= m) <= d: the tolerance limit of Wilks (1941), which here
comes out of Learn then Test. Since m follows from n, a and d before any score is seen, the bound u with
P(Bin(n, u) <= m) = d holds for R(t') as well, and u <= a: that is the lower bound of sensitivity that is reported.

Two risks (abnormal and critical) at once: H_t says that *either* is too high, its p-value is the greater of the two
(an intersection-union test), and steps 1 to 3 hold with t* the lesser of both; so the threshold is the lesser of the
two and the confidence need not be split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import TargetNotProvable
from prosvet.core.types import Frozen
from prosvet.screening.binomial import Share, allowed, best_target, needed, share, upper

__all__ = ["Controlled", "CurvePoint", "Floats", "Risk", "cleared", "control", "curve"]

Floats = NDArray[np.float64]
_MOST_POINTS = 80


@dataclass(frozen=True)
class Risk:
    """One promise: of `scores` (one a study, or a patient's lowest) no more than `max_missed` may lie below.

    ``kind`` is a key under ``kinds`` in the locales: whose scores they are.
    """

    kind: str
    scores: Floats
    max_missed: float


class Controlled(Frozen):
    """A risk at the threshold that was chosen for all risks.

    Attributes
    ----------
    n, missed : int
        Cases, and those of them below the threshold.
    allowed : int
        How many might have been, by n, target and confidence alone.
    bound : float
        What is proved: the true share of misses is at most so much, at the confidence asked for; not above the target.
    """

    kind: str
    n: int
    missed: int
    allowed: int
    max_missed: float
    bound: float


class CurvePoint(Frozen):
    """A threshold that the sample could prove: the share missed that it proves, and the share of normals cleared."""

    threshold: float
    max_missed: float
    cleared: float


def control(risks: list[Risk], confidence: float) -> tuple[float, tuple[Controlled, ...]]:
    """The greatest threshold at which every risk is proved, and each risk there.

    Raises
    ------
    TargetNotProvable
        When a sample is too small for its target even with no miss.

    Examples
    --------
    >>> threshold, (risk,) = control([Risk("abnormal_studies", np.linspace(0.2, 1, 473), 0.01)], 0.95)
    >>> risk.missed, round(risk.bound, 4), round(threshold, 4)
    (1, 0.01, 0.2017)
    """
    ranks = [_rank(risk, confidence) for risk in risks]
    threshold = min(float(np.sort(risk.scores)[rank]) for risk, rank in zip(risks, ranks, strict=True))
    return threshold, tuple(
        Controlled(
            kind=risk.kind, n=risk.scores.size, missed=int((risk.scores < threshold).sum()), allowed=rank,
            max_missed=risk.max_missed, bound=min(risk.max_missed, upper(rank, risk.scores.size, confidence)),
        )
        for risk, rank in zip(risks, ranks, strict=True)
    )  # fmt: skip


def _rank(risk: Risk, confidence: float) -> int:
    n = risk.scores.size
    rank = allowed(n, risk.max_missed, confidence)
    if rank is None:
        fewest = needed(risk.max_missed, confidence)
        raise TargetNotProvable(
            kind=risk.kind, n=n, needed=fewest, more=fewest - n, best=_up(best_target(n, confidence)),
            max_missed=risk.max_missed, confidence=confidence,
        )  # fmt: skip
    return rank


def _up(value: float) -> float:
    """Rounded up to four digits: what is offered must be provable as it is written."""
    return float(min(1.0, np.ceil(value * 1e4 - 1e-9) / 1e4))


def curve(risks: list[Risk], normals: Floats, confidence: float) -> tuple[CurvePoint, ...]:
    """What other targets would have cost: sensitivity proved against normals cleared, each point a choice by itself.

    Only the first risk (all abnormal cases) moves along the curve. A point is what :func:`control` would have chosen
    for a target named beforehand; picking the prettiest afterwards would void its confidence.
    """
    ordered, normal = np.sort(risks[0].scores), np.sort(normals)
    n, points, last = ordered.size, [], -1.0
    if not n or not normal.size:
        return ()
    for rank in range(max(1, n // 2)):
        cleared = float(np.searchsorted(normal, ordered[rank], side="left") / normal.size)
        if cleared > last:
            points.append(CurvePoint(threshold=float(ordered[rank]), max_missed=upper(rank, n, confidence),
                                     cleared=cleared))  # fmt: skip
            last = cleared
    keep = np.unique(np.linspace(0, len(points) - 1, min(_MOST_POINTS, len(points))).round().astype(int))
    return tuple(points[i] for i in keep)


def cleared(normals: Floats, threshold: float, units: int | None = None) -> Share:
    """The share of normals below `threshold`; it is independent of the choice, which normals had no part in."""
    return share(int((normals < threshold).sum()), normals.size, units)
