"""From several signals to one score: a weighted mean, the weights in one table.

Why weights and not reciprocal ranks: a rank forgets by how much. Where ten films carry the finding and a thousand
do not, ranks of the concept signal are ties broken by chance, and reciprocal rank fusion lets a vector that is
barely better than its neighbours outvote them. Degrees of concepts (0..1, a half at the operating point) keep the
distance; the vector and the words are scaled within the candidates and order what the concepts leave equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["WEIGHTS", "Signal", "combine_degrees", "fuse", "scaled"]

Signal = Literal["concepts", "vector", "words"]
Asked = Literal["text", "image", "report"]
Found = Literal["images", "reports"]

WEIGHTS: dict[tuple[Asked, Found], dict[Signal, float]] = {
    ("text", "images"): {"concepts": 0.8, "vector": 0.2},
    ("text", "reports"): {"concepts": 0.6, "words": 0.25, "vector": 0.15},
    ("image", "images"): {"concepts": 0.6, "vector": 0.4},
    ("image", "reports"): {"concepts": 0.8, "vector": 0.2},
    ("report", "images"): {"concepts": 0.8, "vector": 0.2},
    ("report", "reports"): {"concepts": 0.5, "words": 0.25, "vector": 0.25},
}
"""What is asked with, what is looked for: the share of each signal."""


def fuse(weights: Mapping[Signal, float], signals: Mapping[Signal, NDArray[np.float32]]) -> NDArray[np.float32]:
    """The weighted mean of the signals that there are; the weights of the others fall away.

    Parameters
    ----------
    signals : dict of signal to ndarray, shape (n,), 0..1
        At least one.

    Examples
    --------
    >>> fuse({"concepts": 0.8, "vector": 0.2}, {"vector": np.array([0.5], dtype=np.float32)}).tolist()
    [0.5]
    """
    there = {name: weights[name] for name in signals if name in weights}
    total = sum(there.values())
    mixed = sum(share / total * signals[name] for name, share in there.items())
    return np.asarray(mixed, dtype=np.float32)


def scaled(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Values of the candidates stretched to 0..1; NaN (no value) becomes 0, equal values become 1.

    Examples
    --------
    >>> scaled(np.array([2.0, np.nan, 4.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    there = np.isfinite(values)
    result = np.zeros(len(values), dtype=np.float32)
    if there.any():
        low, high = float(values[there].min()), float(values[there].max())
        result[there] = 1.0 if high - low < 1e-9 else (values[there] - low) / (high - low)
    return result


def combine_degrees(degrees: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """One degree of several concepts asked for together: half their mean, half their least.

    A row with both of two findings stands above a row with one; a row with one above a row with none.
    """
    stack = np.stack([np.nan_to_num(d) for d in degrees])
    result: NDArray[np.float32] = (0.5 * stack.mean(axis=0) + 0.5 * stack.min(axis=0)).astype(np.float32)
    return result
