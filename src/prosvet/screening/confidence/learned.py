r"""A learned confidence: the branch of DeVries and Taylor (2018, arXiv:1802.04865) on what the frozen encoder gives.

Beside the prediction p stands a confidence c in 0..1. In training the network may ask for a hint: the prediction is
mixed with the truth, p' = c p + (1 - c) y, and whoever asks pays -log c. The loss is -log p'_y - lambda log c; half of
the studies (drawn anew each step) get no hint, so that it cannot live on hints, and lambda is moved so that the price
paid stays at a budget. The paper trains the encoder with it; here the encoder is what it is, p is its probability as
recalibrated on the same studies, and only the branch (one hidden layer) is trained, by Adam on all studies at once.
"""

from __future__ import annotations

import numpy as np

from prosvet.screening.confidence.curves import Floats
from prosvet.screening.confidence.logistic import sigmoid

__all__ = ["Branch", "apply_branch", "train_branch"]

_HIDDEN, _STEPS, _RATE = 16, 400, 0.01
_BUDGET = 0.3  # the paper's beta
_DECAY = 1e-3
_FLOOR = 1e-6

Branch = tuple[Floats, Floats]
"""Weights of the hidden layer and of the confidence."""


def train_branch(columns: Floats, truth: Floats, seed: int = 0) -> Branch:
    """Weights of both layers, (P + 1, H) and (H + 1,), each with its bias in the last row.

    Parameters
    ----------
    columns : ndarray, shape (N, P)
        Of zero mean and unit variance.
    truth : ndarray, shape (N,)
        The probability that the model gives to what is true, 0..1.
    """
    random = np.random.default_rng(seed)
    wide = np.column_stack([columns, np.ones(len(columns))])
    first = random.normal(0, 1 / np.sqrt(wide.shape[1]), (wide.shape[1], _HIDDEN))
    second = np.append(random.normal(0, 0.1, _HIDDEN), 1.0)
    moments = [np.zeros_like(first), np.zeros_like(first), np.zeros_like(second), np.zeros_like(second)]
    price = 0.1
    for step in range(1, _STEPS + 1):
        hidden = np.column_stack([np.tanh(wide @ first), np.ones(len(wide))])
        sure = np.clip(sigmoid(hidden @ second), _FLOOR, 1 - _FLOOR)
        hinted = random.random(len(wide)) < 0.5
        slope = hinted * (1 - truth) / np.maximum(1 - sure * (1 - truth), _FLOOR) - price / sure
        out = slope * sure * (1 - sure) / len(wide)
        back = np.outer(out, second[:-1]) * (1 - hidden[:, :-1] ** 2)
        first = _adam(first, wide.T @ back + _DECAY * first, moments[0], moments[1], step)
        second = _adam(second, hidden.T @ out + _DECAY * second, moments[2], moments[3], step)
        price *= 1.01 if -np.log(sure).mean() > _BUDGET else 1 / 1.01
    return first, second


def apply_branch(branch: Branch, columns: Floats) -> Floats:
    """The confidence (N,), 0..1."""
    first, second = branch
    hidden = np.tanh(np.column_stack([columns, np.ones(len(columns))]) @ first)
    return sigmoid(np.column_stack([hidden, np.ones(len(columns))]) @ second)


def _adam(weights: Floats, slope: Floats, mean: Floats, square: Floats, step: int) -> Floats:
    mean += 0.1 * (slope - mean)
    square += 0.001 * (slope**2 - square)
    moved: Floats = weights - _RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return moved
