"""How alike two sets of pictures are, by the features of an encoder: Fréchet distance, kernel distance, manifolds.

Every figure depends on the encoder, and the Fréchet distance on the number of pictures too: it is read only beside
the same figure between two halves of the real films, of the same sizes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from prosvet.evaluation.resampling import Interval

__all__ = [
    "MANIFOLDS",
    "coverage",
    "density",
    "frechet",
    "frechet_interval",
    "kernel_distance",
    "kernel_interval",
    "precision",
    "recall",
]

Floats = NDArray[np.float64]

_NEIGHBOURS_PR, _NEIGHBOURS_DC = 3, 5


def frechet(one: Floats, other: Floats) -> float:
    """Fréchet distance of two sets of features (N, D), (M, D), each taken as normal (Heusel et al. 2017).

    The trace of the root of the product of the covariances is the nuclear norm of the product of the centred
    matrices, which needs no root of a matrix that has none when N < D.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(frechet(x, x + 2.0), 6)
    12.0
    """
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    n, m = max(len(a) - 1, 1), max(len(b) - 1, 1)
    small = a @ b.T if min(len(a), len(b)) <= a.shape[1] else _root(a.T @ a) @ _root(b.T @ b)
    cross = np.linalg.svd(small, compute_uv=False).sum() / np.sqrt(n * m)
    spread = (a**2).sum() / n + (b**2).sum() / m
    return float(((one.mean(axis=0) - other.mean(axis=0)) ** 2).sum() + max(spread - 2 * cross, 0.0))


def _root(square: Floats) -> Floats:
    values, vectors = np.linalg.eigh(square)
    root: Floats = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root


def frechet_interval(one: Floats, other: Floats, resamples: int = 100, seed: int = 0) -> Interval:
    """The distance with a bootstrap interval moved onto it: a resample repeats pictures and lies too high by itself."""
    random = np.random.default_rng(seed)
    drawn = np.array(
        [
            frechet(one[random.integers(0, len(one), len(one))], other[random.integers(0, len(other), len(other))])
            for _ in range(resamples)
        ]
    )
    value = frechet(one, other)
    low, high = np.percentile(drawn, [2.5, 97.5]) - drawn.mean()
    return Interval(value, max(0.0, value + float(low)), value + float(high), len(other), len(other), resamples)


def kernel_distance(one: Floats, other: Floats) -> float:
    """Unbiased squared MMD with the kernel ``(x.y / D + 1) ** 3`` (KID, Bińkowski et al. 2018), of all pairs at once.

    It is the expectation of the mean over subsets that is usually printed; it may be slightly negative.
    """
    ones = np.ones((1, len(one))), np.ones((1, len(other)))
    return float(_mmd(*_kernels(one, other), *ones)[0])


def kernel_interval(one: Floats, other: Floats, resamples: int = 1000, seed: int = 0) -> Interval:
    """The same with its bootstrap interval; a picture is never paired with its own repeat."""
    random, kernels = np.random.default_rng(seed), _kernels(one, other)
    weights = [
        np.stack([np.bincount(random.integers(0, n, n), minlength=n) for _ in range(resamples)]).astype(np.float64)
        for n in (len(one), len(other))
    ]
    low, high = np.percentile(_mmd(*kernels, *weights), [2.5, 97.5])
    value = kernel_distance(one, other)
    return Interval(value, float(low), float(high), len(other), len(other), resamples)


def _kernels(one: Floats, other: Floats) -> tuple[Floats, Floats, Floats]:
    def kernel(a: Floats, b: Floats) -> Floats:
        values: Floats = (a @ b.T / a.shape[1] + 1) ** 3
        return values

    return kernel(one, one), kernel(other, other), kernel(one, other)


def _mmd(within: Floats, beside: Floats, across: Floats, left: Floats, right: Floats) -> Floats:
    def inside(kernel: Floats, weights: Floats) -> Floats:
        apart = kernel - np.diag(np.diag(kernel))
        pairs = weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1)
        mean: Floats = ((weights @ apart) * weights).sum(axis=1) / pairs
        return mean

    crossed = ((left @ across) * right).sum(axis=1) / (left.sum(axis=1) * right.sum(axis=1))
    distance: Floats = inside(within, left) + inside(beside, right) - 2 * crossed
    return distance


def precision(real: Floats, made: Floats, k: int = _NEIGHBOURS_PR) -> NDArray[np.bool_]:
    """Of each made picture (M,), whether it lies among the real ones (Kynkäänniemi et al. 2019)."""
    return np.asarray((_distances(made, real) <= _radii(real, k)[None, :]).any(axis=1), dtype=bool)


def recall(real: Floats, made: Floats, k: int = _NEIGHBOURS_PR) -> NDArray[np.bool_]:
    """Of each real film (N,), whether it lies among the made ones."""
    return precision(made, real, k)


def density(real: Floats, made: Floats, k: int = _NEIGHBOURS_DC) -> Floats:
    """Of each made picture (M,), in how many neighbourhoods of real films it lies, over `k` (Naeem et al. 2020)."""
    inside: Floats = (_distances(made, real) <= _radii(real, k)[None, :]).sum(axis=1) / k
    return inside


def coverage(real: Floats, made: Floats, k: int = _NEIGHBOURS_DC) -> NDArray[np.bool_]:
    """Of each real film (N,), whether a made picture lies in its neighbourhood."""
    met: NDArray[np.bool_] = _distances(real, made).min(axis=1) <= _radii(real, k)
    return met


def _radii(points: Floats, k: int) -> Floats:
    """Distance of each point to its k-th neighbour; itself is none."""
    distances = _distances(points, points)
    np.fill_diagonal(distances, np.inf)
    radii: Floats = np.partition(distances, k - 1, axis=1)[:, k - 1]
    return radii


def _distances(one: Floats, other: Floats) -> Floats:
    squared = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None, :] - 2 * one @ other.T
    distances: Floats = np.sqrt(np.maximum(squared, 0))
    return distances


MANIFOLDS: dict[str, Callable[[Floats, Floats], NDArray[np.generic]]] = {
    "image_precision": precision,
    "image_recall": recall,
    "density": density,
    "coverage": coverage,
}
"""Name to the function that gives a number for each picture (precision, density) or each film (recall, coverage)."""
