"""Which films to mark: uncertain and unlike each other, and a random share that keeps estimates honest. Pure.

Of a queue of n the 3 n heaviest films are looked at, so that what is merely odd does not crowd out what is uncertain
(filtered active selection: Wei, Iyer & Bilmes, ICML 2015). Among them greedy k-centre (core-set: Sener & Savarese, ICLR
2018, arXiv:1708.00489) takes the film whose weight times distance to everything marked or chosen is greatest.
A random share is drawn first, each film with the same chance: only it can tell the error rate without bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chosen", "combined", "entropy", "far", "pick", "spread"]

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
NEIGHBOURS = 10
BEYOND = 3
_ROWS = 1024
_FLOOR = 1e-6


@dataclass(frozen=True)
class Chosen:
    """A place in the pool, and whether chance alone took it."""

    index: int
    random: bool


def entropy(probability: Floats, threshold: float) -> Floats:
    """How undecided a probability is about a threshold: 1 on it, 0 far from it.

    The binary entropy (bits) of the probability after its odds are divided by those of the threshold (uncertainty
    sampling: Lewis & Gale, 1994, about the operating point instead of one half).

    Examples
    --------
    >>> entropy(np.array([0.2, 0.5]), 0.2).round(2).tolist()
    [1.0, 0.72]
    """
    p = np.clip(np.asarray(probability, dtype=np.float64), _FLOOR, 1 - _FLOOR)
    t = min(max(threshold, _FLOOR), 1 - _FLOOR)
    odds = p / (1 - p) * (1 - t) / t
    q = odds / (1 + odds)
    return np.asarray(-(q * np.log2(q) + (1 - q) * np.log2(1 - q)))


def far(vectors: Vectors, reference: Vectors) -> Floats:
    """Mean cosine distance (0..2) of unit vectors (N, D) to their nearest neighbours in `reference` (M, D).

    A film that is in the reference finds itself at distance nought among the ten; that lowers all such alike.
    """
    k = min(NEIGHBOURS, len(reference))
    found = [
        np.partition(1.0 - vectors[start : start + _ROWS] @ reference.T, k - 1, axis=1)[:, :k].mean(axis=1)
        for start in range(0, len(vectors), _ROWS)
    ]
    return np.concatenate(found).astype(np.float64) if found else np.zeros(0)


def combined(strengths: Sequence[float]) -> float:
    """Several reasons as one weight in 0..1: one minus the product of what each leaves open.

    Examples
    --------
    >>> combined([0.5, 0.5])
    0.75
    """
    return float(1 - np.prod([1 - min(max(one, 0.0), 1.0) for one in strengths]))


def spread(vectors: Vectors, weight: Floats, known: Vectors, n: int) -> list[int]:
    """The `n` places (N,) that greedy weighted k-centre takes, in its order; what weighs nothing is never taken.

    Parameters
    ----------
    vectors : (N, D) unit vectors of the pool
    weight : (N,) in 0..1
    known : (M, D) unit vectors of what is marked or queued already
    """
    # To the nearest known film: half the cosine distance, 0..1; with nothing known all are equally new.
    gap = np.ones(len(vectors), dtype=np.float64)
    for start in range(0, len(known), _ROWS):
        gap = np.minimum(gap, (1.0 - vectors @ known[start : start + _ROWS].T).min(axis=1) / 2)
    open_, taken = weight > 0, list[int]()
    while len(taken) < n and open_.any():
        best = int(np.argmax(np.where(open_, weight * gap, -1.0)))
        taken.append(best)
        open_[best] = False
        gap = np.minimum(gap, (1.0 - vectors @ vectors[best]) / 2)
    return taken


def _heaviest(weight: Floats, n: int) -> Floats:
    """The weights with all but the `n` greatest set to nought."""
    kept = np.zeros_like(weight)
    top = np.argsort(-weight, kind="stable")[:n]
    kept[top] = weight[top]
    return kept


def pick(
    vectors: Vectors, weight: Floats, known: Vectors, n: int, random_share: float, seed: int,
    first: Sequence[int] = (),
) -> list[Chosen]:  # fmt: skip
    """A queue of `n` films out of a pool of N, those of chance strewn among the others.

    Parameters
    ----------
    random_share : float
        Of `n`, drawn uniformly from the whole pool whatever the weights say.
    first : sequence of int
        Places that are taken before the rule, in their order: errors that are proved.
    """
    rng, n = np.random.default_rng(seed), min(n, len(vectors))
    by_chance = [int(i) for i in rng.choice(len(vectors), min(n, round(n * random_share)), replace=False)]
    gone = set(by_chance)
    sure = [i for i in dict.fromkeys(first) if i not in gone][: n - len(by_chance)]
    left, rest = weight.copy(), n - len(by_chance) - len(sure)
    left[[*gone, *sure]] = 0.0
    seen = np.concatenate([known, vectors[by_chance], vectors[sure]])
    ruled = [*sure, *spread(vectors, _heaviest(left, BEYOND * rest), seen, rest)]
    places = set(rng.choice(len(ruled) + len(by_chance), len(by_chance), replace=False).tolist())
    chance, rule = iter(by_chance), iter(ruled)
    return [
        Chosen(next(chance), True) if place in places else Chosen(next(rule), False)
        for place in range(len(ruled) + len(by_chance))
    ]
