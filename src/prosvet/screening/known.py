"""How far an image lies from those that the calibration was made on: beyond them nothing was proved.

The distance of a vector is its mean cosine distance to the nearest `NEIGHBOURS` vectors of the calibration set; the
limit is a high quantile of the same distance among the set's own films, each left out in its turn. It only takes
studies away from those that would be released, so that the promise on misses stands as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST", "NEIGHBOURS", "distance", "limit_of", "packed", "unpacked"]

NEIGHBOURS = 10
LEAST = 50
"""Fewer films of the set than this tell nothing of what the model knows: nothing is released."""
_ROWS = 512

Vectors = NDArray[np.float32]


def distance(vector: Vectors, known: Vectors) -> float:
    """Mean cosine distance (0..2) of a unit vector (D,) to its nearest neighbours among `known` (N, D)."""
    return float(_nearest(1.0 - known @ vector.astype(np.float32), NEIGHBOURS))


def limit_of(known: Vectors, quantile: float) -> float:
    """The distance below which `quantile` of the set's own films lie, each measured against the others."""
    found = []
    for start in range(0, len(known), _ROWS):
        block = 1.0 - known[start : start + _ROWS] @ known.T
        block[np.arange(len(block)), start + np.arange(len(block))] = np.inf
        found += [_nearest(row, NEIGHBOURS) for row in block]
    return float(np.quantile(found, quantile, method="higher"))


def _nearest(distances: Vectors, k: int) -> float:
    k = min(k, len(distances))
    return float(np.partition(distances, k - 1)[:k].mean())


def packed(vector: Vectors) -> bytes:
    """A vector as the archive keeps it: float16, little-endian."""
    return vector.astype("<f2").tobytes()


def unpacked(rows: list[bytes]) -> Vectors:
    """The matrix of such vectors, of unit length again."""
    matrix = np.frombuffer(b"".join(rows), dtype="<f2").astype(np.float32).reshape(len(rows), -1)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), dtype=np.float32)
