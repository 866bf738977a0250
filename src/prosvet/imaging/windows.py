"""Windows for a film without calibrated units: each from the film's own range of grey.

A computed film, a detector's and a JPEG have no common scale, so that no fixed window suits two of them. The one
boundary that every chest film has is between lung (dark) and soft tissue (bright); the presets are placed by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PRESETS", "GreyWindow", "windows_of"]

PRESETS = ("default", "lungs", "mediastinum", "bones", "full")
_WELL_USED = 0.6  # of a stated window's width by the film's own range: a wider one was set by nobody
_BINS = 256


@dataclass(frozen=True)
class GreyWindow:
    """Grey values shown as black (`low`) and as white (`high`), in the units of the pixels."""

    low: float
    high: float


def windows_of(pixels: NDArray[np.float32], stated: GreyWindow | None = None) -> dict[str, GreyWindow]:
    """A window for each of :data:`PRESETS`.

    Parameters
    ----------
    pixels : ndarray, shape (H, W)
        The whole range of the film, bone bright.
    stated : GreyWindow, optional
        The window that the file itself gives, as ``file``. It is the default too, unless it is so wide that the film
        would look washed out: many devices write their whole scale there.

    Examples
    --------
    >>> ramp = np.tile(np.linspace(0, 1000, 512, dtype=np.float32), (512, 1))
    >>> windows_of(ramp)["full"]
    GreyWindow(low=0.0, high=1000.0)
    """
    height, width = pixels.shape
    step = max(1, min(height, width) // 512)
    middle = pixels[height // 10 : height - height // 10 : step, width // 10 : width - width // 10 : step]
    dark, bright = (float(v) for v in np.percentile(middle, (0.5, 99.7)))
    whole = GreyWindow(float(pixels.min()), float(pixels.max()))
    if bright - dark < 1e-6:
        return dict.fromkeys(PRESETS, whole)
    edge = dark + (bright - dark) * _otsu((middle - dark) / (bright - dark))
    lung, soft = edge - dark, bright - edge
    own = GreyWindow(dark, bright)
    used = stated is not None and bright - dark >= _WELL_USED * (stated.high - stated.low)
    return {
        "default": stated if stated and used else own,
        "lungs": GreyWindow(dark, edge + 0.35 * soft),
        "mediastinum": GreyWindow(edge - 0.2 * lung, bright + 0.1 * soft),
        "bones": GreyWindow(dark + 0.45 * lung, bright - 0.1 * soft),
        "full": whole,
    } | ({"file": stated} if stated else {})


def _otsu(shares: NDArray[np.float32]) -> float:
    """The grey, 0..1, that parts dark from bright with the greatest variance between them (Otsu, 1979)."""
    counts, edges = np.histogram(np.clip(shares, 0, 1), _BINS, (0.0, 1.0))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts) / counts.sum()
    mass = np.cumsum(counts * centres) / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mass[-1] * below - mass) ** 2 / (below * (1 - below))
    return float(centres[int(np.nanargmax(np.where(np.isfinite(between), between, -1)))])
