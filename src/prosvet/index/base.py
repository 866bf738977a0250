"""One small interface over vector indexes, and the table of those there are.

Vectors are unit vectors, a score is a cosine, ids are the store's integers. An index is derived: it can always be
built again from the database, so it is never changed in place.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, NamedTuple, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from prosvet.core.registry import Registry

__all__ = ["BACKENDS", "EXACT_LIMIT", "Allowed", "Ids", "Neighbours", "VectorIndex", "as_mask", "choose", "unit_rows"]

EXACT_LIMIT = 50_000
"""Up to this many vectors every one of them is compared: about 5 ms, and nothing to tune."""

BACKENDS = Registry(
    "vector index",
    {
        "faiss_flat": "prosvet.index.backends.faiss_flat:FaissFlat",
        "faiss_ivf": "prosvet.index.backends.faiss_ivf:FaissIvf",
    },
)

Ids: TypeAlias = NDArray[np.int64]
Allowed: TypeAlias = NDArray[np.int64] | NDArray[np.bool_]
"""Which vectors may be found: their ids, or a mask over the index's own ids."""


class Neighbours(NamedTuple):
    """What a search found, best first; a row with fewer than k ends in id -1 and score -inf.

    Attributes
    ----------
    ids : ndarray, shape (Q, k), int64
    scores : ndarray, shape (Q, k), float32
        Cosines, -1..1.
    """

    ids: Ids
    scores: NDArray[np.float32]


class VectorIndex(Protocol):
    """Finds the nearest of many unit vectors."""

    name: ClassVar[str]
    exact: ClassVar[bool]

    @property
    def ids(self) -> Ids:
        """The ids held, in index order."""
        ...

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        ...

    @classmethod
    def build(cls, ids: Ids, matrix: NDArray[np.floating], *, threads: int, seed: int = 0) -> Self:
        """Index the rows of `matrix` (N, D; any float kind, also memory-mapped) under N distinct `ids`."""
        ...

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what :meth:`save` wrote."""
        ...

    def save(self, folder: Path) -> None:
        """Write into an existing, empty folder."""
        ...

    def search(self, vectors: NDArray[np.floating], k: int, allowed: Allowed | None = None) -> Neighbours:
        """The `k` nearest of each of Q query vectors (Q, D), among `allowed` when given."""
        ...

    def memory_bytes(self) -> int:
        """Bytes that the index itself keeps resident."""
        ...

    def __len__(self) -> int:
        """How many vectors it holds."""
        ...


def choose(count: int) -> str:
    """The backend for `count` vectors: exact up to :data:`EXACT_LIMIT`, then inverted lists.

    Examples
    --------
    >>> choose(50_000), choose(50_001)
    ('faiss_flat', 'faiss_ivf')
    """
    return "faiss_flat" if count <= EXACT_LIMIT else "faiss_ivf"


def unit_rows(matrix: NDArray[np.floating]) -> NDArray[np.float32]:
    """Rows scaled to length 1, float32, contiguous; a row of zeros stays zeros.

    Raises
    ------
    ValueError
        When the matrix is not (N, D), or holds a value that is not finite.
    """
    if matrix.ndim != 2:
        raise ValueError(f"vectors must be a matrix (N, D), not of shape {matrix.shape}")
    rows = np.ascontiguousarray(matrix, dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    if not np.isfinite(lengths).all():
        raise ValueError("vectors must be finite")
    unit: NDArray[np.float32] = rows / np.maximum(lengths, 1e-12)
    return unit


def as_mask(ids: Ids, allowed: Allowed) -> NDArray[np.bool_]:
    """`allowed` as a mask over `ids`; allowed ids that the index does not hold are passed over.

    Raises
    ------
    ValueError
        When a mask is not as long as `ids`.
    """
    if allowed.dtype == np.bool_:
        if allowed.shape != ids.shape:
            raise ValueError(f"the mask has shape {allowed.shape}, the index {ids.shape}")
        return allowed.astype(np.bool_, copy=False)
    return np.isin(ids, allowed)
