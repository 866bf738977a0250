"""One finding's correction as a penalised logistic regression around the model: with strong penalties it is the model.

``log-odds = z + dilate * (z - mean) + shift + logits . Z + vector . v``. Every coefficient is drawn to 0, which is the
global model itself; the residual (``logits``, ``vector``) can be left out, which leaves a recalibration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Basis", "Line", "fit_line"]

Floats = NDArray[np.float64]

_MOST = 64  # leading directions of the site's vectors; the penalty leaves nothing of the others anyway
_DILATE, _SHIFT = 4.0, 0.25  # penalties: prior deviations of 0.5 and 2
_STEPS, _NEAR = 30, 1e-8
_WIDEST = 8.0  # log-odds of a step: far more than any film moves


@dataclass(frozen=True)
class Basis:
    """Features of the residual, fitted without labels: all log-odds and the leading directions of the vectors.

    Each of the two blocks is scaled so that a film's features have a mean square of 1: a penalty then means the same
    whatever the number of films or of findings.
    """

    z_mean: Floats
    z_scale: Floats
    v_mean: Floats
    directions: Floats

    @classmethod
    def of(cls, z: Floats, vectors: Floats) -> Self:
        """From the films (N, K) and (N, 512) to fit on."""
        z_mean, v_mean = z.mean(axis=0), vectors.mean(axis=0)
        z_scale = np.sqrt(z.shape[1]) * np.maximum(z.std(axis=0), 0.1)
        centred = vectors - v_mean
        _, axes = np.linalg.eigh(centred.T @ centred)  # rising
        kept = axes[:, ::-1][:, : min(_MOST, len(vectors) - 1)]
        size = float(np.sqrt(((centred @ kept) ** 2).sum(axis=1).mean()))
        return cls(z_mean, z_scale, v_mean, kept / max(size, 1e-9))

    def __call__(self, z: Floats, vectors: Floats) -> Floats:
        """Features (N, K + M) of films."""
        return np.hstack([(z - self.z_mean) / self.z_scale, (vectors - self.v_mean) @ self.directions])


@dataclass(frozen=True)
class Line:
    """A correction of one finding, in the terms of :class:`prosvet.models.adapter.Weights`."""

    scale: float
    shift: float
    logits: Floats
    vector: Floats

    def __call__(self, own: Floats, z: Floats, vectors: Floats) -> Floats:
        """Corrected log-odds of films: `own` (N,) of the finding, `z` (N, K), `vectors` (N, 512)."""
        found: Floats = self.scale * own + self.shift + z @ self.logits + vectors @ self.vector
        return found


def fit_line(
    own: Floats, labels: Floats, weights: Floats, basis: Basis, features: Floats | None, penalty: float
) -> Line:
    """Fit the correction by Newton's method; the loss is convex.

    Parameters
    ----------
    own : ndarray, shape (N,)
        The model's log-odds of this finding.
    labels, weights : ndarray, shape (N,)
        1 or 0; a patient's films share the weight of one.
    features : ndarray, shape (N, F), or None
        ``basis`` of the same films; None fits a recalibration alone.
    penalty : float
        Of the residual, per unit of a film's features.
    """
    mean = float(np.average(own, weights=weights))
    columns = [own - mean, np.ones_like(own)]
    design = np.column_stack(columns if features is None else [*columns, features])
    ridge = np.full(design.shape[1], penalty)
    ridge[:2] = _DILATE, _SHIFT
    theta = _newton(design, own, labels, weights, ridge)
    found, width = len(basis.z_mean), len(basis.v_mean)
    logits, vector = np.zeros(found), np.zeros(width)
    shift = float(theta[1] - theta[0] * mean)
    if features is not None:
        logits = theta[2 : 2 + found] / basis.z_scale
        vector = basis.directions @ theta[2 + found :]
        shift -= float(logits @ basis.z_mean + vector @ basis.v_mean)
    return Line(1 + float(theta[0]), shift, logits, vector)


def _newton(design: Floats, offset: Floats, labels: Floats, weights: Floats, ridge: Floats) -> Floats:
    theta = np.zeros(design.shape[1])
    value = _loss(theta, design, offset, labels, weights, ridge)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(offset + design @ theta)))
        slope = design.T @ (weights * (p - labels)) + ridge * theta
        curve = (design * (weights * p * (1 - p))[:, None]).T @ design
        curve[np.diag_indices_from(curve)] += ridge
        step = np.linalg.solve(curve, slope)
        step *= min(1.0, _WIDEST / max(float(np.abs(design @ step).max()), 1e-12))
        size = 1.0
        while size > 1e-4 and _loss(theta - size * step, design, offset, labels, weights, ridge) > value:
            size /= 2
        theta = theta - size * step
        before, value = value, _loss(theta, design, offset, labels, weights, ridge)
        if before - value < _NEAR * (1 + abs(value)):
            break
    return theta


def _loss(theta: Floats, design: Floats, offset: Floats, labels: Floats, weights: Floats, ridge: Floats) -> float:
    z = offset + design @ theta
    return float((weights * (np.logaddexp(0, z) - labels * z)).sum() + 0.5 * (ridge * theta**2).sum())
