"""From the upright film back to the pixels as the source has them: a rotation that the reading undid is done again.

A negative that was turned positive moves nothing. Placements (crop, scale, padding) carry squares to the upright film
(:mod:`prosvet.imaging.geometry`); here is the last step, to the grid of the received object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import ResultError
from prosvet.core.types import Point
from prosvet.hospital.objects.sources import Sources
from prosvet.models.examine import Examination

__all__ = ["Grid", "grid_of"]


@dataclass(frozen=True)
class Grid:
    """The source's grid.

    Attributes
    ----------
    rows, columns : int
        Of the source, as it was received.
    rotated : int
        Degrees counter-clockwise by which the source stands turned: 0, 90, 180 or 270.

    Examples
    --------
    >>> Grid(4, 6, 0).points([(1.0, 2.0)])
    [(1.0, 2.0)]
    >>> Grid(4, 6, 180).points([(1.0, 2.0)])
    [(5.0, 2.0)]
    """

    rows: int
    columns: int
    rotated: int

    @property
    def upright(self) -> tuple[int, int]:
        """Rows and columns of the upright film."""
        return (self.columns, self.rows) if self.rotated in (90, 270) else (self.rows, self.columns)

    def mask(self, upright: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A mask (H, W) of the upright film on the source's pixels."""
        return np.ascontiguousarray(np.rot90(upright, self.rotated // 90))

    def points(self, upright: Sequence[Point]) -> list[Point]:
        """Points (x, y) of the upright film on the source's; pixel edges lie at whole numbers."""
        rows, columns = self.upright
        if self.rotated == 90:
            return [(y, columns - x) for x, y in upright]
        if self.rotated == 180:
            return [(columns - x, rows - y) for x, y in upright]
        if self.rotated == 270:
            return [(rows - y, x) for x, y in upright]
        return list(upright)


def grid_of(sources: Sources, examination: Examination) -> Grid:
    """The grid of the film that was read.

    Raises
    ------
    ResultError
        When the source's size is not that of the film that was examined.
    """
    film = sources.film
    grid = Grid(int(film.get("Rows") or 0), int(film.get("Columns") or 0), examination.gates.rotated)
    if grid.upright != examination.film.shape:
        raise ResultError(reason="other_film")
    return grid
