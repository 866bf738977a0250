"""Inverted lists over one-byte vectors in memory, re-ranked with two-byte vectors from disk.

A million vectors of 512 numbers take 0.5 GB of memory. One byte a number alone caps recall@10 at about 0.96 on
embeddings of real films; reading the best hundred again at half precision, a kilobyte each, lifts the cap to 1
and costs under a millisecond (`benchmarks/search_scale.py`).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from prosvet.index.backends.faiss_common import checked_ids, mask_selector, named, threads_set
from prosvet.index.base import Allowed, Ids, Neighbours, as_mask, unit_rows

__all__ = ["FaissIvf", "HalfRows"]

PROBE_SHARE, LEAST_PROBES = 1 / 16, 32
"""Share of the lists that a query reads, and how many at least."""
RERANK = 100
"""Candidates read again at half precision, beside the k asked for."""
SUBSET = 20_000
"""Up to this many allowed vectors all lists are read, so a filtered search misses nothing but for rounding."""
_BLOCK = 32_768
_PER_LIST = 64  # training vectors a list: more moved recall by under 0.002


class HalfRows:
    """Rows of float16 in a file, read a few at a time.

    They are read, not memory-mapped: touched pages of a map count as this process's memory, pages read do not.
    """

    def __init__(self, path: Path, width: int) -> None:
        self.path, self.width = path, width
        self._file = path.open("rb")

    def __getitem__(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        size = 2 * self.width
        read = b"".join(os.pread(self._file.fileno(), size, int(p) * size) for p in positions)
        return np.frombuffer(read, dtype="<f2").reshape(len(positions), self.width).astype(np.float32)

    def blocks(self) -> Iterator[bytes]:
        """The whole file, a piece at a time."""
        with self.path.open("rb") as stream:
            while piece := stream.read(1 << 24):
                yield piece


class FaissIvf:
    """Approximate inner product: k-means lists, scalar quantisation to 8 bits, exact re-ranking.

    Built for more than :data:`prosvet.index.base.EXACT_LIMIT` vectors, right for any number from 1.
    """

    name: ClassVar[str] = "faiss_ivf"
    exact: ClassVar[bool] = False

    def __init__(self, index: Any, ids: Ids, rows: HalfRows, threads: int, folder: Any = None) -> None:
        self._index, self._ids, self._rows, self._threads = index, ids, rows, threads
        self._folder = folder  # the temporary folder of an index not yet saved: it lives as long as the index
        self._probes = min(index.nlist, max(LEAST_PROBES, round(index.nlist * PROBE_SHARE)))

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
        """Index the rows of `matrix`, read block by block, so that it may be a memory map of any size.

        Raises
        ------
        ValueError
            When there are no rows, or ids and rows do not fit.
        """
        count, width = matrix.shape
        if count == 0:
            raise ValueError("inverted lists need at least one vector")
        ids = checked_ids(ids, count)
        folder = tempfile.TemporaryDirectory(prefix="prosvet-index-")
        path = Path(folder.name) / "rows.f16"
        with threads_set(threads):
            index = _trained(matrix, _lists(count), seed)
            with path.open("wb") as stream:
                for start in range(0, count, _BLOCK):
                    block = unit_rows(np.asarray(matrix[start : start + _BLOCK]))
                    index.add(block)
                    stream.write(block.astype("<f2").tobytes())
        return cls(index, ids, HalfRows(path, width), threads, folder)

    @classmethod
    def load(cls, folder: Path, *, threads: int) -> Self:
        """Read what :meth:`save` wrote; the half-precision rows stay on disk."""
        index = faiss.read_index(str(folder / "lists.faiss"))
        facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        return cls(index, np.load(folder / "ids.npy"), HalfRows(folder / "rows.f16", facts["width"]), threads)

    def save(self, folder: Path) -> None:
        """Write ``lists.faiss``, ``rows.f16``, ``ids.npy`` and ``facts.json``."""
        faiss.write_index(self._index, str(folder / "lists.faiss"))
        with (folder / "rows.f16").open("wb") as stream:
            for piece in self._rows.blocks():
                stream.write(piece)
        np.save(folder / "ids.npy", self._ids)
        (folder / "facts.json").write_text(json.dumps({"width": self.width, "lists": self._index.nlist}))

    def search(self, vectors: NDArray[np.floating], k: int, allowed: Allowed | None = None) -> Neighbours:
        """The `k` nearest of each query, among `allowed` when given."""
        queries, held, probes = unit_rows(vectors), None, self._probes
        parameters = faiss.SearchParametersIVF()
        if allowed is not None:
            mask = as_mask(self._ids, allowed)
            parameters.sel, held = mask_selector(mask)
            probes = self._probes_among(int(mask.sum()))
        parameters.nprobe = probes
        # One query is a millisecond of work: waking a second thread for it costs more than it saves, and on a
        # busy machine tens of milliseconds.
        with threads_set(self._threads if len(queries) > 1 else 1):
            _, positions = self._index.search(queries, k + RERANK, params=parameters)
        del held  # the selector reads these bits until here
        best = [self._rerank(query, row, k) for query, row in zip(queries, positions, strict=True)]
        scores = np.array([b[1] for b in best], dtype=np.float32).reshape(len(queries), k)
        return named(self._ids, np.array([b[0] for b in best], dtype=np.int64).reshape(len(queries), k), scores)

    def _probes_among(self, allowed: int) -> int:
        """Lists to read: all when few vectors are allowed, else more as fewer are: their nearest lie further off."""
        if allowed <= SUBSET:
            return int(self._index.nlist)
        return int(min(self._index.nlist, round(self._probes * np.sqrt(len(self) / allowed))))

    def _rerank(
        self, query: NDArray[np.float32], positions: NDArray[np.int64], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        found = positions[positions >= 0]
        scores = self._rows[found] @ query
        order = np.argsort(-scores, kind="stable")[:k]
        missing = k - len(order)
        return (
            np.concatenate([found[order], np.full(missing, -1, dtype=np.int64)]),
            np.concatenate([scores[order], np.full(missing, -np.inf, dtype=np.float32)]),
        )

    def memory_bytes(self) -> int:
        """Bytes of codes, centroids and ids; the half-precision rows are on disk."""
        centroids = self._index.nlist * self._index.d * 4
        return int(len(self) * (self._index.code_size + 8) + centroids + self._ids.nbytes)


def _lists(count: int) -> int:
    """About twice the square root of the count, a power of two: 512 for 60,000, 2048 for a million."""
    return int(2 ** max(0, round(np.log2(2 * np.sqrt(count))))) if count >= 64 else 1


def _trained(matrix: NDArray[np.floating], lists: int, seed: int) -> Any:
    count, width = matrix.shape
    sample = np.random.default_rng(seed).choice(count, size=min(count, _PER_LIST * lists), replace=False)
    training = unit_rows(np.asarray(matrix[np.sort(sample)]))
    index: Any = faiss.index_factory(width, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.cp.seed, index.cp.niter, index.cp.max_points_per_centroid = seed + 1, 8, _PER_LIST
    index.cp.min_points_per_centroid = 1  # no warnings for the small archives of tests
    index.train(training)
    return index
