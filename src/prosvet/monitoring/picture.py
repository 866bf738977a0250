"""Four plain numbers of a film: brightness, contrast, sharpness, border. A millisecond each, and no model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prosvet.imaging.film import Film

__all__ = ["picture_facts"]

_SIDE = 256  # the longer side that films are thinned to, so that size does not count as sharpness
_FLAT = 0.02  # of the whole range: a row that varies less is border


def picture_facts(film: Film) -> dict[str, float]:
    """Numbers of a film as it came, before anything is repaired.

    Returns
    -------
    dict
        ``mean`` and ``contrast`` (standard deviation) on the film's own range from its 1st to its 99th percentile, set
        to 0..1; ``sharpness``: mean absolute Laplacian in the same units; ``border``: the share of rows and columns at
        the edges that show nothing.
    """
    small = _thinned(film.pixels)
    low, high = (float(value) for value in np.percentile(small, [1, 99]))
    grey = np.clip((small - low) / ((high - low) or 1.0), 0.0, 1.0)
    inner = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return {
        "mean": round(float(grey.mean()), 5),
        "contrast": round(float(grey.std()), 5),
        "sharpness": round(float(np.abs(4 * inner - around).mean()), 5) if inner.size else 0.0,
        "border": round(_border(grey), 5),
    }


def _thinned(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of square blocks, so that the longer side is about ``_SIDE``."""
    step = max(1, max(pixels.shape) // _SIDE)
    rows, cols = (size // step * step for size in pixels.shape)
    blocks = pixels[:rows, :cols].reshape(rows // step, step, cols // step, step)
    found: NDArray[np.float32] = blocks.mean(axis=(1, 3))
    return found


def _border(grey: NDArray[np.float32]) -> float:
    empty = 0.0
    for axis in (0, 1):
        flat = np.ptp(grey, axis=axis) < _FLAT
        shown = np.flatnonzero(~flat)
        empty += 1.0 if not len(shown) else 1 - (shown[-1] - shown[0] + 1) / len(flat)
    return empty / 2
