"""Where a prepared square image lies on the original film: crop, scale, pad, and the way back.

Every step from the file to the network input is one :class:`Placement`; a mask or a point found by a
network is carried back to the original pixels by the same object, so that overlays land exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Box", "Placement", "content_box", "letterbox"]

FloatImage = NDArray[np.float32]


@dataclass(frozen=True)
class Box:
    """A half-open rectangle in pixels: rows ``top:bottom``, columns ``left:right``."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def cut(self, image: NDArray[np.generic]) -> NDArray[np.generic]:
        """The part of `image` (H, W) inside the box, as a view."""
        return image[self.top : self.bottom, self.left : self.right]


@dataclass(frozen=True)
class Placement:
    """How a box of the original film was put into a square of `size` pixels.

    Attributes
    ----------
    box : Box
        The part of the original that is shown.
    size : int
        Side of the square, pixels.
    scale : float
        Square pixels per original pixel.
    pad_top, pad_left : int
        Empty rows and columns before the picture in the square.
    """

    box: Box
    size: int
    scale: float
    pad_top: int
    pad_left: int

    def to_original(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Carry points (N, 2) as (x, y) from the square to the original film."""
        shift = np.array([self.pad_left, self.pad_top], dtype=np.float64)
        origin = np.array([self.box.left, self.box.top], dtype=np.float64)
        return (np.asarray(points, dtype=np.float64) - shift) / self.scale + origin

    def to_square(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Carry points (N, 2) as (x, y) from the original film to the square."""
        shift = np.array([self.pad_left, self.pad_top], dtype=np.float64)
        origin = np.array([self.box.left, self.box.top], dtype=np.float64)
        return (np.asarray(points, dtype=np.float64) - origin) * self.scale + shift

    def map_to_original(self, plane: FloatImage, shape: tuple[int, int]) -> FloatImage:
        """Carry a plane defined on the square (any resolution, (h, w)) to the film's `shape` (H, W).

        Outside the box the result is 0.
        """
        step = plane.shape[0] / self.size
        top, left = self.pad_top * step, self.pad_left * step
        height, width = self.box.height * self.scale * step, self.box.width * self.scale * step
        picture = Image.fromarray(np.ascontiguousarray(plane, dtype=np.float32)).resize(
            (self.box.width, self.box.height),
            Image.Resampling.BILINEAR,
            box=(left, top, min(left + width, plane.shape[1]), min(top + height, plane.shape[0])),
        )
        out = np.zeros(shape, dtype=np.float32)
        out[self.box.top : self.box.bottom, self.box.left : self.box.right] = np.asarray(picture)
        return out


def content_box(image: FloatImage, *, tolerance: float = 0.02, most: float = 0.35) -> Box:
    """Find the picture inside its empty border (letterbox bars, collimation, scanner frame).

    A row or column belongs to the border while its spread (10th to 90th percentile) stays below
    `tolerance` of the image's own range. No side loses more than the share `most`.

    Parameters
    ----------
    image : ndarray, shape (H, W)
        Grey image in any units.
    """
    height, width = image.shape
    step = max(1, min(height, width) // 256)
    small = image[::step, ::step]
    low, high = np.percentile(small, (1, 99))
    limit = tolerance * max(float(high - low), 1e-6)

    def margins(lines: FloatImage) -> tuple[int, int]:
        busy = np.flatnonzero(_spread(lines) > limit)
        if busy.size == 0:
            return 0, lines.shape[0]
        most_lines = int(lines.shape[0] * most)
        return min(int(busy[0]), most_lines), max(int(busy[-1]) + 1, lines.shape[0] - most_lines)

    top, bottom = margins(small)
    left, right = margins(small.T)
    box = Box(top * step, left * step, min(bottom * step, height), min(right * step, width))
    return box if box.height >= 16 and box.width >= 16 else Box(0, 0, height, width)


def _spread(lines: FloatImage) -> FloatImage:
    """10th to 90th percentile of each row, linear between ranks, as `numpy.percentile` has it at 40 times the cost."""
    ranks = np.sort(lines, axis=1)
    last = ranks.shape[1] - 1

    def at(share: float) -> FloatImage:
        place = share * last
        lower = int(place)
        step: FloatImage = ranks[:, min(lower + 1, last)] - ranks[:, lower]
        return ranks[:, lower] + step * np.float32(place - lower)

    return at(0.9) - at(0.1)


def letterbox(image: FloatImage, size: int, box: Box | None = None) -> tuple[FloatImage, Placement]:
    """Scale `box` of `image` to fit a square of `size`, keeping its shape; the rest is 0.

    Returns
    -------
    square : ndarray, shape (size, size), float32
    placement : Placement
    """
    box = box or Box(0, 0, *image.shape)
    scale = size / max(box.height, box.width)
    height, width = max(1, round(box.height * scale)), max(1, round(box.width * scale))
    part = np.ascontiguousarray(box.cut(image), dtype=np.float32)
    # Shrinking by whole steps first costs little and keeps BOX-filter quality on large films.
    shrink = int(min(box.height / height, box.width / width) / 2)
    picture = Image.fromarray(part)
    if shrink > 1:
        picture = picture.reduce(shrink)
    picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    square = np.zeros((size, size), dtype=np.float32)
    top, left = (size - height) // 2, (size - width) // 2
    square[top : top + height, left : left + width] = np.asarray(picture)
    return square, Placement(box, size, scale, top, left)
