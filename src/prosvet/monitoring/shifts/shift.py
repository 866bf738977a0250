"""What a test of one variable found, and how studies lie along the difference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Measure", "Shift", "Summary"]

Measure = Literal["wasserstein", "total_variation", "auroc"]
Summary = dict[str, float]


@dataclass(frozen=True)
class Shift:
    """One variable, current against reference.

    Attributes
    ----------
    p : float
        Of the hypothesis that both are draws from one distribution.
    effect : float
        How large the change is, in its `measure`: ``wasserstein`` in the reference's standard deviations,
        ``total_variation`` the share of studies that would have to change their category, ``auroc`` how well a
        classifier tells the two apart (0.5 not at all).
    before, after : dict
        The facts of each side: mean, median, share without a value; or the share of each category.
    scores : ndarray, shape (M,)
        Of the current studies, in their order: how far each lies from the reference, along the change. NaN without a
        value.
    baseline : float
        The mean of the same score over the reference.
    """

    test: str
    p: float
    effect: float
    measure: Measure
    before: Summary
    after: Summary
    scores: NDArray[np.float64] = field(repr=False)
    baseline: float = 0.0
