"""Blocks of vectors from the database as one matrix: in memory when few, in a file beside the index when many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.index.base import EXACT_LIMIT, Ids

__all__ = ["gather"]


@contextmanager
def gather(
    blocks: Iterable[tuple[Ids, NDArray[np.float32]]], count: int, beside: Path
) -> Iterator[tuple[Ids, NDArray[Any]]]:
    """All blocks as (ids, matrix); about `count` rows are expected, more or fewer are right too.

    Above :data:`prosvet.index.base.EXACT_LIMIT` the matrix is a float16 map of a temporary file, so that building
    an index of millions takes the memory of the index alone.
    """
    if count <= EXACT_LIMIT:
        parts = list(blocks)
        width = parts[0][1].shape[1] if parts else 0
        ids = np.concatenate([np.zeros(0, dtype=np.int64), *(i for i, _ in parts)])
        yield ids, np.concatenate([np.zeros((0, width), dtype=np.float32), *(rows for _, rows in parts)])
        return
    beside.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=beside, suffix=".part") as file:
        numbers, width = [], 0
        for ids, rows in blocks:
            numbers.append(ids)
            width = rows.shape[1]
            file.write(rows.astype("<f2").tobytes())
        file.flush()
        every = np.concatenate(numbers)
        yield every, np.memmap(file.name, dtype="<f2", mode="r", shape=(len(every), width))
