"""Every vector compared: exact, and quick enough for tens of thousands."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from prosvet.index.backends.faiss_common import checked_ids, mask_selector, named, threads_set
from prosvet.index.base import Allowed, Ids, Neighbours, as_mask, unit_rows

__all__ = ["FaissFlat"]


class FaissFlat:
    """Exact inner product over float32 rows (2 KiB for 512 numbers).

    Examples
    --------
    >>> index = FaissFlat.build(np.array([7, 9]), np.eye(2, dtype=np.float32), threads=1)
    >>> index.search(np.array([[0.9, 0.1]], dtype=np.float32), 1).ids.tolist()
    [[7]]
    """

    name: ClassVar[str] = "faiss_flat"
    exact: ClassVar[bool] = True

    def __init__(self, index: Any, ids: Ids, threads: int) -> None:
        self._index, self._ids, self._threads = index, ids, threads

    @property
    def ids(self) -> Ids:
        """The ids held, in index order."""
        return self._ids

    @property
    def width(self) -> int:
        """Numbers in a vector."""
        return int(self._index.d)

    def __len__(self) -> int:
        return len(self._ids)

    @classmethod
    def build(cls, ids: Ids, matrix: NDArray[np.floating], *, threads: int, seed: int = 0) -> Self:
        """Index the rows of `matrix`; nothing is drawn, so `seed` has no effect."""
        rows = unit_rows(matrix)
        index = faiss.IndexFlatIP(rows.shape[1])
        index.add(rows)
        return cls(index, checked_ids(ids, len(rows)), threads)

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what :meth:`save` wrote."""
        return cls(faiss.read_index(str(folder / "vectors.faiss")), np.load(folder / "ids.npy"), threads)

    def save(self, folder: Path) -> None:
        """Write ``vectors.faiss`` and ``ids.npy``."""
        faiss.write_index(self._index, str(folder / "vectors.faiss"))
        np.save(folder / "ids.npy", self._ids)

    def search(self, vectors: NDArray[np.floating], k: int, allowed: Allowed | None = None) -> Neighbours:
        """The `k` nearest of each query, among `allowed` when given."""
        queries, held = unit_rows(vectors), None
        parameters = faiss.SearchParameters()
        if allowed is not None:
            parameters.sel, held = mask_selector(as_mask(self._ids, allowed))
        with threads_set(self._threads):
            scores, positions = self._index.search(queries, k, params=parameters)
        del held  # the selector reads these bits until here
        return named(self._ids, positions, scores)

    def memory_bytes(self) -> int:
        """Bytes of vectors and ids."""
        return int(self._index.ntotal * self._index.d * 4 + self._ids.nbytes)
