"""Ridge logistic regression, by the second-order solver of scipy: convex, so that its answer is the answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from prosvet.screening.confidence.curves import Bools, Floats
from prosvet.screening.confidence.folds import folds

__all__ = ["choose_penalty", "fit_logistic", "log_loss", "sigmoid"]

_PENALTIES = (0.3, 3.0, 30.0, 300.0)


def fit_logistic(columns: Floats, yes: Bools, penalty: float) -> Floats:
    """Weights (P + 1,), the intercept last and not shrunk; minimises the sum of log losses + penalty/2 |w|^2."""
    wide = np.column_stack([columns, np.ones(len(columns))])
    signs = np.where(yes, 1.0, -1.0)
    shrink = np.append(np.full(columns.shape[1], penalty), 0.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margins = signs * (wide @ weights)
        value = np.logaddexp(0, -margins).sum() + 0.5 * (shrink * weights**2).sum()
        slope = -(wide.T @ (signs * sigmoid(-margins))) + shrink * weights
        return float(value), slope

    start = np.zeros(wide.shape[1])
    rate = np.clip(yes.mean(), 1e-3, 1 - 1e-3)
    start[-1] = np.log(rate / (1 - rate))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-6})
    return np.asarray(found.x, dtype=np.float64)


def choose_penalty(columns: Floats, yes: Bools, groups: Sequence[str]) -> float:
    """The penalty with the least log loss on patients that were left out."""
    out = folds(groups, 5)
    losses = []
    for penalty in _PENALTIES:
        chance = np.full(len(yes), np.nan)
        for fold in range(5):
            train, test = out != fold, out == fold
            if test.any() and train.any():
                weights = fit_logistic(columns[train], yes[train], penalty)
                chance[test] = sigmoid(columns[test] @ weights[:-1] + weights[-1])
        losses.append(log_loss(chance, yes))
    return _PENALTIES[int(np.argmin(losses))]


def log_loss(chance: Floats, yes: Bools) -> float:
    """Mean, natural logarithm."""
    held = np.clip(chance, 1e-6, 1 - 1e-6)
    return float(-np.where(yes, np.log(held), np.log1p(-held)).mean())


def sigmoid(value: Floats) -> Floats:
    """Without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * value)), dtype=np.float64)
