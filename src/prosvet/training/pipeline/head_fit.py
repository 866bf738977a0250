"""Fit the last layer anew, drawn towards the one in force: how much each finding moves is chosen by its own folds.

With u the log-odds that the model in force gives and x the film's standardised features, the new log-odds are
``u + x · d``, where d minimises the mean cross-entropy plus ``ridge · |d|²`` (last-layer retraining: Kirichenko et
al., 2023, arXiv:2204.02937; here the ridge draws towards the present head, not towards nothing). Marked films are no
random sample, so an intercept is fitted along and then dropped: the calibration stays the card's. A finding moves
only when, over patients left out in turn, its cross-entropy falls by more than two standard errors (the best of five
ridges looks better than it is); else it keeps the head it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

__all__ = ["FOLDS", "RIDGES", "Fitted", "Space", "fit_finding", "folds_of"]

Floats = NDArray[np.float64]

RIDGES = (3.0, 1.0, 0.3, 0.1, 0.03)
FOLDS = 5
_AXES = 256  # directions of the features that a few hundred films can say anything of
_SURE = 2.0
_SHIFT_RIDGE = 1e-4  # the intercept is free; this only keeps it finite


@dataclass(frozen=True)
class Space:
    """The directions that films differ in: ``z = (features - middle) / spread @ axes``."""

    middle: Floats
    spread: Floats
    axes: Floats

    @classmethod
    def of(cls, features: NDArray[np.float32]) -> Space:
        """The space of `features` (N, D); findings play no part in it."""
        middle = features.mean(axis=0, dtype=np.float64)
        spread = features.std(axis=0, dtype=np.float64) + 1e-3
        _, _, axes = np.linalg.svd((features - middle) / spread, full_matrices=False)
        return cls(middle, spread, axes[:_AXES].T.copy())

    def __call__(self, features: NDArray[np.float32]) -> Floats:
        """Coordinates (N, R) of films."""
        made: Floats = ((features - self.middle) / self.spread) @ self.axes
        return made

    def plain(self, direction: Floats) -> tuple[Floats, float]:
        """A direction (R,) as slope (D,) and shift in the features' own units; zero for the mean film."""
        slope = (self.axes @ direction) / self.spread
        return slope, -float(self.middle @ slope)


@dataclass(frozen=True)
class Fitted:
    """What became of one finding.

    Attributes
    ----------
    ridge : float or None
        None: it keeps its head.
    direction : ndarray, shape (R,)
        Of the change of log-odds.
    apart : ndarray, shape (N,)
        Log-odds of each film from the fit that did not see its patient; NaN where nothing is known.
    gain, gain_error : float
        Fall of the cross-entropy over left-out patients, and its standard error.
    """

    ridge: float | None
    direction: Floats
    apart: Floats
    gain: float
    gain_error: float


def folds_of(patients: NDArray[np.str_], seed: int) -> NDArray[np.int64]:
    """A fold (0..FOLDS-1) for each film; a patient's films share it."""
    names, of = np.unique(patients, return_inverse=True)
    return (np.random.default_rng(seed).permutation(len(names)) % FOLDS)[of]


def fit_finding(z: Floats, base: Floats, label: Floats, patients: NDArray[np.str_], folds: NDArray[np.int64]) -> Fitted:
    """Choose the ridge over the folds, and fit on all.

    Parameters
    ----------
    z : ndarray, shape (N, R)
        Films in :class:`Space`.
    base, label : ndarray, shape (N,)
        Log-odds in force, and 1, 0 or NaN.
    """
    known = np.isfinite(label)
    stay = Fitted(None, np.zeros(z.shape[1]), np.where(known, base, np.nan), 0.0, 0.0)
    held = np.full((len(RIDGES) + 1, len(base)), np.nan)
    apart = np.full((len(RIDGES), len(base)), np.nan)
    for fold in range(FOLDS):
        inside, outside = known & (folds != fold), known & (folds == fold)
        if not outside.any() or len(np.unique(label[inside])) < 2:
            continue
        held[-1, outside] = base[outside] + _fit(z[inside][:, :0], base[inside], label[inside], 1.0)[1]
        start = np.zeros(z.shape[1] + 1)
        for k, ridge in enumerate(RIDGES):
            direction, shift = _fit(z[inside], base[inside], label[inside], ridge, start)
            start = np.r_[direction, shift]
            apart[k, outside] = base[outside] + z[outside] @ direction
            held[k, outside] = apart[k, outside] + shift
    usable = known & np.isfinite(held).all(axis=0)
    if not usable.any():
        return stay
    loss = np.logaddexp(0, held[:, usable]) - label[usable] * held[:, usable]
    best = int(loss[:-1].mean(axis=1).argmin())
    gain, error = _by_patient(loss[-1] - loss[best], patients[usable])
    if gain <= _SURE * error:
        return Fitted(None, stay.direction, stay.apart, gain, error)
    direction, _ = _fit(z[known], base[known], label[known], RIDGES[best])
    return Fitted(RIDGES[best], direction, np.where(usable, apart[best], np.nan), gain, error)


def _by_patient(values: Floats, patients: NDArray[np.str_]) -> tuple[float, float]:
    """Mean of `values`, and its standard error with films of one patient taken together."""
    mean = float(values.mean())
    _, of = np.unique(patients, return_inverse=True)
    sums = np.bincount(of, weights=values - mean)
    count = len(sums)
    return mean, float(np.sqrt((sums**2).sum() * count / max(count - 1, 1)) / len(values))


def _fit(z: Floats, base: Floats, label: Floats, ridge: float, start: Floats | None = None) -> tuple[Floats, float]:
    """Direction and intercept of the ridge logistic regression with the offset `base`."""

    def loss(theta: Floats) -> tuple[float, Floats]:
        direction, shift = theta[:-1], theta[-1]
        u = base + z @ direction + shift
        probability = 1 / (1 + np.exp(-np.clip(u, -60, 60)))
        value = float((np.logaddexp(0, u) - label * u).mean() + ridge * direction @ direction + _SHIFT_RIDGE * shift**2)
        wrong = (probability - label) / len(label)
        return value, np.r_[z.T @ wrong + 2 * ridge * direction, wrong.sum() + 2 * _SHIFT_RIDGE * shift]

    first = np.zeros(z.shape[1] + 1) if start is None else start
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return found[:-1], float(found[-1])
