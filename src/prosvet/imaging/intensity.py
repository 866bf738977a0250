"""One grey scale for films of every make: robust range, then 0..1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MEAN", "STD", "normalise", "standardise"]

MEAN, STD = 0.5, 0.25  # of a normalised film; fixed, so that every network sees the same units


def normalise(image: NDArray[np.float32], *, low: float = 1.0, high: float = 99.0) -> NDArray[np.float32]:
    """Stretch the percentiles `low`..`high` of `image` (H, W) to 0..1 and clip.

    Percentiles are taken on the middle four fifths, so that burned-in letters and bright frames at the
    edge do not set the scale. A flat image becomes zeros.
    """
    height, width = image.shape
    step = max(1, min(height, width) // 256)
    middle = image[height // 10 : height - height // 10 : step, width // 10 : width - width // 10 : step]
    bottom, top = np.percentile(middle, (low, high))
    if top - bottom < 1e-6:
        return np.zeros(image.shape, dtype=np.float32)
    stretched: NDArray[np.float32] = (image - np.float32(bottom)) / np.float32(top - bottom)
    return np.clip(stretched, 0.0, 1.0).astype(np.float32)


def standardise(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring a normalised image to the zero-centred units that the networks take."""
    return (image - np.float32(MEAN)) / np.float32(STD)
