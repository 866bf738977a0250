"""Ridge logistic regression by Newton's method: the loss is convex, so that its answer is the answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from prosvet.screening.confidence.curves import Bools, Floats
from prosvet.screening.confidence.folds import folds

__all__ = ["choose_penalty", "fit_logistic", "log_loss", "sigmoid"]

_PENALTIES = (0.3, 3.0, 30.0, 300.0)
_STEPS, _HALVINGS, _SMALL = 50, 30, 1e-10


def fit_logistic(columns: Floats, yes: Bools, penalty: float) -> Floats:
    """Weights (P + 1,), the intercept last and not shrunk; minimises the sum of log losses + penalty/2 |w|^2."""
    wide, truth = np.column_stack([columns, np.ones(len(columns))]), yes.astype(np.float64)
    shrink = np.append(np.full(columns.shape[1], penalty), 1e-6)
    rate = np.clip(truth.mean(), 1e-3, 1 - 1e-3)
    weights = np.append(np.zeros(columns.shape[1]), np.log(rate / (1 - rate)))
    loss = _loss(wide, truth, shrink, weights)
    for _ in range(_STEPS):
        chance = sigmoid(wide @ weights)
        slope = wide.T @ (chance - truth) + shrink * weights
        curvature = (wide * (chance * (1 - chance))[:, None]).T @ wide
        step = np.linalg.solve(curvature + np.diag(shrink), slope)
        weights, before, loss = _downhill(wide, truth, shrink, weights, step, loss)
        if before - loss < _SMALL * (1 + abs(loss)):
            break
    return np.asarray(weights, dtype=np.float64)


def _downhill(
    wide: Floats, truth: Floats, shrink: Floats, weights: Floats, step: Floats, loss: float
) -> tuple[Floats, float, float]:
    """The step, halved until the loss falls: weights, the loss before, the loss now."""
    for _ in range(_HALVINGS):
        moved = weights - step
        found = _loss(wide, truth, shrink, moved)
        if found <= loss:
            return moved, loss, found
        step = step / 2
    return weights, loss, loss


def _loss(wide: Floats, truth: Floats, shrink: Floats, weights: Floats) -> float:
    margins = wide @ weights
    return float((np.logaddexp(0, margins) - truth * margins).sum() + 0.5 * (shrink * weights**2).sum())


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
