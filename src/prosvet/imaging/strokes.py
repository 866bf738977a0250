"""Anti-aliased lines and outlines, laid over an RGB picture by distance: no pixel is set, each is mixed.

A shape is a plane (H, W) of distances from it; :func:`cover` turns them into how much of each pixel a stroke takes.
Strokes touch a hundredth of a picture: only the pixels that they touch are worked on.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

__all__ = ["Canvas", "Colour", "blend", "cover", "outline", "segment", "stroke"]

Colour = tuple[int, int, int]
Plane = NDArray[np.float32]
Canvas = NDArray[np.uint8]

_FAR = 1e6  # pixels
_REACH = 24  # pixels around a line where its distance is worked out: more than any stroke's thickness
_EDGE = (0.02, 0.98)  # of a softened mask: outside it there is no edge


def outline(mask: NDArray[np.bool_], size: tuple[int, int]) -> Plane:
    """Distance of each pixel from the edge of a mask (h, w) drawn at `size` (width, height), in pixels.

    The mask is enlarged smoothly, so that the steps of a coarse mask do not show. Right near the edge, greater than
    any stroke elsewhere; where the mask meets the frame there is no edge.
    """
    away = np.full((size[1], size[0]), _FAR, dtype=np.float32)
    across, down = size[0] / mask.shape[1], size[1] / mask.shape[0]
    softness = max(across, down, 1.0) + 0.8
    reach = math.ceil(4 * softness) + 4  # of the enlargement and the blur: beyond it nothing of the mask arrives
    rows = _around(np.flatnonzero(mask.any(axis=1)), down, size[1], reach)
    columns = _around(np.flatnonzero(mask.any(axis=0)), across, size[0], reach)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return away
    box = columns.start / across, rows.start / down, columns.stop / across, rows.stop / down
    soft = Image.fromarray(mask.astype(np.uint8) * np.uint8(255)).resize(
        (columns.stop - columns.start, rows.stop - rows.start), Image.Resampling.BILINEAR, box=box
    )
    height = np.asarray(soft.filter(ImageFilter.GaussianBlur(softness)), dtype=np.float32) / np.float32(255)
    y, x = np.divmod(np.flatnonzero((height > _EDGE[0]) & (height < _EDGE[1])), height.shape[1])
    slope = np.hypot(_slope(height, y, x), _slope(height.T, x, y))
    away[rows, columns][y, x] = np.abs(height[y, x] - 0.5) / np.maximum(slope, 1e-3)
    return away


def _around(places: NDArray[np.intp], scale: float, size: int, reach: int) -> slice:
    """Where a mask is along one side, on the picture, with `reach` pixels around it."""
    if places.size == 0:
        return slice(0, 0)
    return slice(max(0, math.floor(places[0] * scale) - reach), min(size, math.ceil((places[-1] + 1) * scale) + reach))


def _slope(height: Plane, y: NDArray[np.intp], x: NDArray[np.intp]) -> NDArray[np.float32]:
    """How steep `height` is along its first side at some of its pixels: a central difference, one-sided at the end."""
    before, after = np.maximum(y - 1, 0), np.minimum(y + 1, height.shape[0] - 1)
    steepness: NDArray[np.float32] = (height[after, x] - height[before, x]) / np.maximum(after - before, 1).astype(
        np.float32
    )
    return steepness


def segment(start: tuple[float, float], end: tuple[float, float], size: tuple[int, int]) -> Plane:
    """Distance of each pixel from a straight line between two points (x, y), at `size` (width, height)."""
    away = np.full((size[1], size[0]), _FAR, dtype=np.float32)
    (x0, y0), (x1, y1) = start, end
    rows = slice(max(0, int(min(y0, y1)) - _REACH), max(0, int(max(y0, y1)) + _REACH))
    columns = slice(max(0, int(min(x0, x1)) - _REACH), max(0, int(max(x0, x1)) + _REACH))
    y, x = np.ogrid[rows, columns]
    length = max((x1 - x0) ** 2 + (y1 - y0) ** 2, 1e-9)
    along = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length, 0, 1)
    there = np.hypot(x - (x0 + along * (x1 - x0)), y - (y0 + along * (y1 - y0)))
    part = away[rows, columns]
    part[:] = there[: part.shape[0], : part.shape[1]]
    return away


def cover(away: Plane, thickness: float) -> Plane:
    """How much of each pixel, 0..1, a stroke of `thickness` covers at the given distances from its middle."""
    share: Plane = np.clip(np.float32(thickness / 2 + 0.5) - away, 0, 1)
    return share


def stroke(canvas: Canvas, away: Plane, thickness: float, colour: Colour, rim: float) -> None:
    """Draw a line where `away` is small, over a dark rim `rim` pixels wide that keeps it visible on bone."""
    places = np.flatnonzero(away < thickness / 2 + rim + 0.5)
    near = away.reshape(-1)[places]
    blend(canvas, places, cover(near, thickness + 2 * rim), (0, 0, 0), 0.4)
    blend(canvas, places, cover(near, thickness), colour, 1.0)


def blend(
    canvas: Canvas, places: NDArray[np.intp], share: Plane, colour: Colour | NDArray[np.float32], opacity: float
) -> None:
    """Mix `colour` into some pixels of `canvas` (H, W, 3), in place.

    Parameters
    ----------
    places : ndarray of int, shape (n,)
        The pixels, counted row by row.
    share : ndarray, shape (n,), values 0..1
        Of each pixel.
    colour : one colour, or ndarray, shape (n, 3)
    """
    pixels = canvas.reshape(-1, 3)
    there = pixels[places].astype(np.float32)
    there += (share * np.float32(opacity))[:, None] * (np.asarray(colour, dtype=np.float32) - there)
    pixels[places] = np.clip(there + np.float32(0.5), 0, 255).astype(np.uint8)
