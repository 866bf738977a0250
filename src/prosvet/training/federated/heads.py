"""A linear correction of a model's findings, fitted at several sites as if their films lay together.

The correction of a finding k is that of :mod:`prosvet.models.adapter`: its log-odds become ``z_k + x · theta_k`` with
``x = (Z / 8, v, 1)``: log-odds of all findings, the film's vector, a constant. Fitted is the mean log loss over films
whose label of k is known, plus ``penalty / 2 |theta_k|^2``: nothing to learn from, nothing is changed.

The loss is a sum over films, so its gradient and second derivatives are sums over sites. Newton's method on those sums
takes the very steps it would take on pooled films; federated averaging only comes near.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.models.adapter import Weights, as_kept, log_odds
from prosvet.training.federated.average import Floats, Update, averaged, weighted
from prosvet.training.federated.plan import Plan

__all__ = ["Design", "begin", "contribution", "design", "following", "loss", "mean_loss", "to_weights"]

_UNIT = 8.0  # log-odds are divided by this: then every feature is of the order of 1
_BY_FINDING = frozenset({"theta"})
_LOCAL_STEPS = 3
_FLOOR = 0.02  # of p (1 - p) in the second derivatives: a sure mistake bends nothing, and would be overshot


@dataclass(frozen=True)
class Design:
    """A site's films as numbers: features (N, F), the model's log-odds (N, K), labels and known cells (N, K)."""

    features: Floats
    offset: Floats
    labels: Floats
    known: NDArray[np.bool_]

    @property
    def counts(self) -> Floats:
        """Known labels by finding, then all films."""
        return np.append(self.known.sum(axis=0), len(self.features)).astype(np.float64)


def design(scores: Floats, vectors: NDArray[np.float16], labels: NDArray[np.int8]) -> Design:
    """Numbers of films from the model's probabilities (N, K), vectors (N, 512) and labels (N, K; 1, 0, -1 unknown)."""
    kept, rows = as_kept(scores, vectors)
    z = log_odds(kept)
    features = np.concatenate([z / _UNIT, rows, np.ones((len(z), 1))], axis=1)
    return Design(features, z, (labels > 0).astype(np.float64), labels >= 0)


def begin(findings: int, width: int = 512) -> dict[str, Floats]:
    """The correction before the first round: none."""
    return {"theta": np.zeros((findings, findings + width + 1))}


def contribution(theta: Floats, films: Design, plan: Plan) -> Update:
    """What a site answers to a round that stands at `theta` (K, F)."""
    if plan.method == "average":
        near = np.stack([_near(theta[k], films, k, plan) for k in range(len(theta))])
        return weighted({"theta": near}, films.counts, _BY_FINDING)
    slopes, bends, losses = zip(*(_derivatives(row, films, k) for k, row in enumerate(theta)), strict=True)
    rows, columns = np.triu_indices(theta.shape[1])
    packed = np.stack([bend[rows, columns] for bend in bends])
    return Update({"slope": np.stack(slopes), "bend": packed, "loss": np.array(losses) / _UNIT}, films.counts)


def following(theta: Floats, whole: Update, plan: Plan) -> Floats:
    """The correction after a round in which all sites together said `whole`."""
    if plan.method == "average":
        return averaged(whole, {"theta": theta}, _BY_FINDING)["theta"]
    made = theta.copy()
    for k in np.flatnonzero(whole.counts[:-1] > 0.5):
        slope, bend = whole.sums["slope"][k], _unpacked(whole.sums["bend"][k], theta.shape[1])
        made[k] -= _step(theta[k], slope, bend, whole.counts[k], plan.penalty)
    return made


def loss(theta: Floats, films: Design) -> Floats:
    """Mean log loss of each finding (K,) over the films that speak of it, nats; NaN where none does."""
    losses = np.array([_derivatives(row, films, k)[2] for k, row in enumerate(theta)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return losses / films.counts[:-1]


def mean_loss(whole: Update) -> float:
    """Mean log loss over findings, nats, at the state that `whole` (method ``newton``) answers."""
    spoken = whole.counts[:-1] > 0.5
    return float((_UNIT * whole.sums["loss"][spoken] / whole.counts[:-1][spoken]).mean())


def to_weights(theta: Floats) -> Weights:
    """The correction as the numbers of an adapter; a finding that was never corrected stays inactive."""
    k = len(theta)
    return Weights(
        np.abs(theta).max(axis=1) > 0, np.ones(k), theta[:, -1], theta[:, :k] / _UNIT, theta[:, k:-1]
    )  # fmt: skip


def _derivatives(row: Floats, films: Design, k: int) -> tuple[Floats, Floats, float]:
    """Slope (F,), second derivatives (F, F) and value of the log loss of finding k, summed over its known films."""
    known = films.known[:, k]
    x, y = films.features[known], films.labels[known, k]
    z = films.offset[known, k] + x @ row
    p = 1 / (1 + np.exp(-z))
    value = float(np.logaddexp(0, z).sum() - (y * z).sum())
    scaled = x * np.sqrt(np.maximum(p * (1 - p), _FLOOR))[:, None]
    return x.T @ (p - y), scaled.T @ scaled, value  # a matrix times itself costs half


def _step(row: Floats, slope: Floats, bend: Floats, count: float, penalty: float) -> Floats:
    held = bend / count + penalty * np.eye(len(row))
    return np.asarray(np.linalg.solve(held, slope / count + penalty * row), dtype=np.float64)


def _near(start: Floats, films: Design, k: int, plan: Plan) -> Floats:
    """A site's own fit of finding k, held near the common one."""
    count = float(films.known[:, k].sum())
    row: Floats = start.copy()
    if not count:
        return row
    for _ in range(_LOCAL_STEPS):
        slope, bend, _value = _derivatives(row, films, k)
        slope, bend = slope + count * plan.proximal * (row - start), bend + count * plan.proximal * np.eye(len(row))
        row = np.asarray(row - _step(row, slope, bend, count, plan.penalty))
    return row


def _unpacked(packed: Floats, size: int) -> Floats:
    bend = np.zeros((size, size))
    rows, columns = np.triu_indices(size)
    bend[rows, columns] = bend[columns, rows] = packed
    return bend
