"""What both faiss backends share: threads for one call, inputs checked, positions turned into ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import faiss
import numpy as np
from numpy.typing import NDArray

from prosvet.index.base import Ids, Neighbours

__all__ = ["checked_ids", "mask_selector", "named", "threads_set"]


@contextmanager
def threads_set(threads: int) -> Iterator[None]:
    """Run a faiss call on this many threads, then put the process's number back."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def checked_ids(ids: Ids, rows: int) -> Ids:
    """`ids` as int64, one for each row and distinct.

    Raises
    ------
    ValueError
        When their number differs from `rows`, or one occurs twice.
    """
    ids = np.ascontiguousarray(ids, dtype=np.int64)
    if ids.shape != (rows,):
        raise ValueError(f"{rows} vectors need {rows} ids, not shape {ids.shape}")
    if len(np.unique(ids)) != rows:
        raise ValueError("an id occurs twice")
    return ids


def mask_selector(mask: NDArray[np.bool_]) -> tuple[faiss.IDSelector, NDArray[np.uint8]]:
    """A selector of the positions where `mask` is true, and the bits it reads, to be kept alive beside it."""
    bits = np.packbits(mask, bitorder="little")
    return faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits)), bits


def named(ids: Ids, positions: NDArray[np.int64], scores: NDArray[np.float32]) -> Neighbours:
    """Positions as ids; an empty place becomes id -1, score -inf."""
    empty = positions < 0
    if len(ids) == 0:
        return Neighbours(np.full_like(positions, -1), np.full_like(scores, -np.inf))
    found = np.where(empty, -1, ids[np.where(empty, 0, positions)])
    return Neighbours(found, np.where(empty, np.float32(-np.inf), scores))
