"""From a mask to the polygons around it, few points and no stairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prosvet.core.types import Point

__all__ = ["polygon"]

_STEPS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # right, down, left, up, as (row, column)


def polygon(mask: NDArray[np.bool_], tolerance: float = 0.15, smooth: int = 4) -> list[Point]:
    """The outline of a mask of one piece without holes, as (x, y) corners in its pixels, edges at whole numbers.

    Parameters
    ----------
    mask : ndarray of bool, shape (h, w)
    tolerance : float
        How far, in pixels, the polygon may stray from the smoothed border.
    smooth : int
        Steps to either side over which the border is averaged, so that it has no stairs; 0 keeps it exact.

    Returns
    -------
    list of (x, y)
        Empty for an empty mask.

    Examples
    --------
    >>> square = np.zeros((8, 8), dtype=bool)
    >>> square[2:6, 1:5] = True
    >>> polygon(square, smooth=0)
    [(1.0, 2.0), (5.0, 2.0), (5.0, 6.0), (1.0, 6.0)]
    """
    border = _walk(mask)
    if len(border) < 4:
        return []
    if smooth and len(border) > 2 * smooth:
        around = range(-smooth, smooth + 1)
        border = np.mean([np.roll(border, shift, axis=0) for shift in around], axis=0)
    far = int(np.argmax(((border - border[0]) ** 2).sum(axis=1)))
    halves = (border[: far + 1], np.concatenate([border[far:], border[:1]]))
    kept = np.concatenate([_simplify(half, tolerance)[:-1] for half in halves])
    return [(float(x), float(y)) for x, y in kept]


def _walk(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The corners of the pixels' edges around the piece met first, clockwise, as (x, y)."""
    padded = np.pad(mask, 1)
    inside = np.argwhere(padded)
    if inside.size == 0:
        return np.zeros((0, 2))
    row, column = (int(v) for v in inside[0])
    start, heading, corners = (row, column), 0, []
    while True:
        corners.append((column - 1, row - 1))
        row, column = row + _STEPS[heading][0], column + _STEPS[heading][1]
        heading = _turn(padded, row, column, heading)
        if (row, column) == start and heading == 0:
            return np.array(corners, dtype=np.float64)


def _turn(padded: NDArray[np.bool_], row: int, column: int, heading: int) -> int:
    """The next heading at a corner (above and left of the pixel `row`, `column`), the mask on the right hand."""
    around = {  # the pixel ahead on the left hand and ahead on the right hand
        0: ((row - 1, column), (row, column)),
        1: ((row, column), (row, column - 1)),
        2: ((row, column - 1), (row - 1, column - 1)),
        3: ((row - 1, column - 1), (row - 1, column)),
    }
    left, right = around[heading]
    if padded[left]:
        return (heading - 1) % 4
    return heading if padded[right] else (heading + 1) % 4


def _simplify(line: NDArray[np.float64], tolerance: float) -> NDArray[np.float64]:
    """Drop points nearer than `tolerance` to the line without them (Douglas and Peucker, 1973)."""
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    open_parts = [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        if last - first < 2:
            continue
        along = line[last] - line[first]
        offset = line[first + 1 : last] - line[first]
        length = float(np.hypot(*along))
        across = offset[:, 0] * along[1] - offset[:, 1] * along[0]
        away = np.abs(across) / length if length else np.hypot(offset[:, 0], offset[:, 1])
        worst = int(np.argmax(away))
        if away[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            open_parts += [(first, middle), (middle, last)]
    return line[keep]
