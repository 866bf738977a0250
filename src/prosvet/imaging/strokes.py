"""Anti-aliased lines and outlines, laid over an RGB picture by distance: no pixel is set, each is mixed.

A shape is a plane (H, W) of distances from it; :func:`cover` turns them into how much of each pixel a stroke takes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

__all__ = ["Colour", "blend", "cover", "outline", "segment"]

Colour = tuple[int, int, int]
Plane = NDArray[np.float32]

_FAR = 1e6  # pixels
_REACH = 24  # pixels around a line where its distance is worked out: more than any stroke's thickness


def outline(mask: NDArray[np.bool_], size: tuple[int, int]) -> Plane:
    """Distance of each pixel from the edge of a mask (h, w) drawn at `size` (width, height), in pixels.

    The mask is enlarged smoothly, so that the steps of a coarse mask do not show. Right near the edge, greater than
    any stroke elsewhere; where the mask meets the frame there is no edge.
    """
    step = max(size[0] / mask.shape[1], size[1] / mask.shape[0], 1.0)
    soft = Image.fromarray(mask.astype(np.uint8) * np.uint8(255)).resize(size, Image.Resampling.BILINEAR)
    height = np.asarray(soft.filter(ImageFilter.GaussianBlur(step + 0.8)), dtype=np.float32) / np.float32(255)
    away = np.full(height.shape, _FAR, dtype=np.float32)
    near = (height > 0.02) & (height < 0.98)
    slope_y, slope_x = np.gradient(height)
    away[near] = np.abs(height[near] - 0.5) / np.maximum(np.hypot(slope_x[near], slope_y[near]), 1e-3)
    return away


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


def blend(canvas: NDArray[np.float32], share: Plane, colour: Colour | NDArray[np.float32], opacity: float) -> None:
    """Mix `colour`, one or a plane (H, W, 3) of them, into `canvas` (H, W, 3) by `share` of each pixel, in place."""
    rows = np.flatnonzero(share.any(axis=1))
    if rows.size == 0:
        return
    band = slice(rows[0], rows[-1] + 1)  # most strokes cross only part of the picture
    paint = np.asarray(colour, dtype=np.float32)
    canvas[band] += (share[band] * np.float32(opacity))[..., None] * (
        (paint[band] if paint.ndim == 3 else paint) - canvas[band]
    )
