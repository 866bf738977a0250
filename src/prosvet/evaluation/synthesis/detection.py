"""Whether a made picture can be told from a real film: a linear classifier, judged on pictures that it did not see.

Its inputs are an encoder's features and the spectrum of the grain, which is where generators most often betray
themselves. A stronger adversary may tell more: the figure is a lower bound.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

__all__ = ["cross_validated", "spectrum"]

Floats = NDArray[np.float64]

_FOLDS, _RIDGE = 5, 1e-2
_BANDS, _COMPONENTS = 24, 64


def spectrum(pictures: NDArray[np.uint8]) -> Floats:
    """Logarithm of the power in rings of spatial frequency (N, 24) of pictures (N, S, S)."""
    side = pictures.shape[1]
    window = np.hanning(side)
    axis = np.fft.fftfreq(side)
    ring = np.minimum((np.hypot(axis[:, None], axis[None, :]) * 2 * _BANDS).astype(int), _BANDS - 1)
    count = np.bincount(ring.ravel(), minlength=_BANDS)
    out = np.empty((len(pictures), _BANDS))
    for number, picture in enumerate(pictures):
        grey = (picture.astype(np.float64) - picture.mean()) / 255 * window[:, None] * window[None, :]
        power = np.abs(np.fft.fft2(grey)) ** 2
        out[number] = np.log(np.bincount(ring.ravel(), power.ravel(), minlength=_BANDS) / count + 1e-9)
    return out


def cross_validated(inputs: Floats, label: NDArray[np.bool_], groups: Sequence[str], seed: int) -> Floats:
    """A score (N,) of each row by a classifier fitted without its fold; rows of a group stay together.

    Parameters
    ----------
    inputs : ndarray, shape (N, D)
    label : ndarray of bool, shape (N,)
    groups : sequence of N str
        Patients of films, seeds of pictures.
    """
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    fold_of = {name: int(place) % _FOLDS for name, place in zip(names, order, strict=True)}
    fold = np.array([fold_of[group] for group in groups])
    scores = np.full(len(label), np.nan)
    for number in range(_FOLDS):
        held = fold == number
        learned = _fit(inputs[~held], label[~held])
        if learned is not None and held.any():
            middle, turn, weights = learned
            rows = (inputs[held] - middle) @ turn
            # Ranks within a fold: another fold's classifier has another scale.
            values = np.c_[rows, np.ones(len(rows))] @ weights
            scores[held] = (values.argsort().argsort() + 0.5) / len(values)
    return scores


def _fit(inputs: Floats, label: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats] | None:
    """Mean, projection to scaled principal components, and the weights of a ridge logistic regression."""
    if label.all() or not label.any():
        return None
    middle = inputs.mean(axis=0)
    spread = np.maximum(inputs.std(axis=0), 1e-9)
    _, values, vectors = np.linalg.svd((inputs - middle) / spread, full_matrices=False)
    kept = min(_COMPONENTS, int((values > 1e-8 * values[0]).sum()))
    turn = (vectors[:kept] / (values[:kept, None] / np.sqrt(len(inputs)))).T / spread[:, None]
    rows = np.c_[(inputs - middle) @ turn, np.ones(len(inputs))]
    sign = np.where(label, 1.0, -1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = sign * (rows @ weights)
        slope = -sign / (1 + np.exp(np.clip(margin, -50, 50))) / len(rows)
        penalty = _RIDGE * np.r_[weights[:-1], 0.0]
        return float(np.logaddexp(0, -margin).mean() + 0.5 * (penalty @ weights)), rows.T @ slope + penalty

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    return middle, turn, np.asarray(found.x)
