"""A built index with what was added since: the newest vectors are compared one by one until the next build."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prosvet.index.base import Allowed, Ids, Neighbours, VectorIndex

__all__ = ["Layered"]


class Layered:
    """Vectors of one model, searched as one.

    Attributes
    ----------
    model : str
        ``NAME@REVISION`` whose vectors these are; empty when there are none.
    parts : tuple of VectorIndex
        The built index, and an exact one of later vectors; each may be missing.
    """

    def __init__(self, model: str, *parts: VectorIndex) -> None:
        self.model, self.parts = model, tuple(part for part in parts if len(part))

    def __len__(self) -> int:
        return sum(len(part) for part in self.parts)

    @property
    def width(self) -> int:
        """Numbers in a vector; 0 where there is none."""
        return self.parts[0].width if self.parts else 0

    @property
    def ids(self) -> Ids:
        """All ids held."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *(part.ids for part in self.parts)])

    def search(self, vector: NDArray[np.floating], k: int, allowed: Allowed | None = None) -> Neighbours:
        """The `k` nearest of one vector (D,), best first; fewer rows when fewer are there.

        Returns
        -------
        Neighbours
            Of shape (n,), n up to k, without empty places.
        """
        ids, scores = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.float32)]
        for part in self.parts:
            found = part.search(vector[None], min(k, len(part)), allowed)
            there = found.ids[0] >= 0
            ids.append(found.ids[0][there])
            scores.append(found.scores[0][there])
        every, values = np.concatenate(ids), np.concatenate(scores)
        order = np.lexsort((every, -values))[:k]
        return Neighbours(every[order], values[order])
