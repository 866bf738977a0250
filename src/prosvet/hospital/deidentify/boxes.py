"""Rectangles around text in a picture: joined, widened, counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "joined", "mask_of", "widened"]


class Box(NamedTuple):
    """Columns ``left`` up to ``right`` and rows ``top`` up to ``bottom``, ends left out; ``text`` as it was read."""

    left: int
    top: int
    right: int
    bottom: int
    text: str = ""

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


def widened(box: Box, margin: float, width: int, height: int) -> Box:
    """`box` with a margin of so many of its line's heights, three times that along the line, cut at the picture's edge.

    Examples
    --------
    >>> widened(Box(10, 10, 50, 20), 0.5, 100, 100)
    Box(left=0, top=5, right=65, bottom=25, text='')
    """
    up = max(2, round(margin * min(box.width, box.height)))
    # Along the line more: letters at its ends, where the ground is bright, are the ones that engines miss.
    side, tall = (up, 3 * up) if box.height > 2 * box.width else (3 * up, up)
    return Box(
        max(0, box.left - side), max(0, box.top - tall), min(width, box.right + side), min(height, box.bottom + tall),
        box.text,
    )  # fmt: skip


def joined(boxes: Iterable[Box]) -> list[Box]:
    """Boxes of which none touches another: those that do become one.

    Examples
    --------
    >>> joined([Box(0, 0, 5, 5), Box(4, 4, 9, 9), Box(20, 20, 22, 22)])
    [Box(left=0, top=0, right=9, bottom=9, text=''), Box(left=20, top=20, right=22, bottom=22, text='')]
    """
    left = list(boxes)
    found: list[Box] = []
    while left:
        box = left.pop(0)
        touching = [other for other in left if _touch(box, other)]
        if touching:
            left = [other for other in left if other not in touching]
            left.insert(0, _around([box, *touching]))
        else:
            found.append(box)
    return found


def _touch(one: Box, other: Box) -> bool:
    return one.left <= other.right and other.left <= one.right and one.top <= other.bottom and other.top <= one.bottom


def _around(boxes: Sequence[Box]) -> Box:
    return Box(
        min(box.left for box in boxes), min(box.top for box in boxes), max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )  # fmt: skip


def mask_of(boxes: Iterable[Box], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """True inside the boxes; shape (H, W)."""
    mask = np.zeros(shape, dtype=bool)
    for box in boxes:
        mask[box.top : box.bottom, box.left : box.right] = True
    return mask
