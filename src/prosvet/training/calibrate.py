"""Calibration and operating points from films that were not trained on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_POSITIVES", "Platt", "fit_platt", "operating_points"]

LEAST_POSITIVES = 8  # fewer known positives choose no threshold: the finding is then "not assessed"


@dataclass(frozen=True)
class Platt:
    """probability = sigmoid(scale * logit + shift)."""

    scale: float
    shift: float

    def __call__(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities of `logits`, elementwise."""
        return 1 / (1 + np.exp(-(self.scale * logits + self.shift)))


def fit_platt(logits: NDArray[np.float64], labels: NDArray[np.float64], weights: NDArray[np.float64]) -> Platt:
    """Fit scale and shift by weighted likelihood, with Platt's softened targets (Platt 1999).

    A weak Gaussian prior holds the scale near 1, so that ten positives cannot make it wild.
    """
    from scipy.optimize import minimize

    positives, negatives = float((labels == 1).sum()), float((labels == 0).sum())
    target = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def loss(theta: NDArray[np.float64]) -> float:
        z = np.exp(theta[0]) * logits + theta[1]
        entropy = np.logaddexp(0, z) - target * z
        return float((weights * entropy).sum() + 2.0 * theta[0] ** 2)

    found = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"maxiter": 2000}).x
    return Platt(float(np.exp(found[0])), float(found[1]))


def operating_points(
    probability: NDArray[np.float64], labels: NDArray[np.float64]
) -> dict[str, tuple[float, float, float]]:
    """Thresholds with the sensitivity and specificity that they gave where they were chosen.

    ``sensitive``: at least 95 % of the positives lie at or above it. ``balanced``: as many films lie at or above it
    as carry the finding, so that missed and false ones are alike in number; a rare finding is then called rarely.

    Empty when there are fewer than :data:`LEAST_POSITIVES` positives or negatives.
    """
    positive, negative = np.sort(probability[labels == 1]), np.sort(probability[labels == 0])
    if min(len(positive), len(negative)) < LEAST_POSITIVES:
        return {}
    cuts = np.unique(np.concatenate([positive, negative]))
    sensitivity = 1 - np.searchsorted(positive, cuts, side="left") / len(positive)
    specificity = np.searchsorted(negative, cuts, side="left") / len(negative)
    called = sensitivity * len(positive) + (1 - specificity) * len(negative)
    balanced = int(np.abs(called - len(positive)).argmin())
    # Where the classes part cleanly the balanced threshold may be the lower one: it is sensitive enough.
    chosen = {"sensitive": min(int(np.flatnonzero(sensitivity >= 0.95)[-1]), balanced), "balanced": balanced}
    return {name: (float(cuts[k]), float(sensitivity[k]), float(specificity[k])) for name, k in chosen.items()}
