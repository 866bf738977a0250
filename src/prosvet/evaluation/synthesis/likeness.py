"""How alike two pictures are in structure: multi-scale SSIM, for the variety of pictures of one prompt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["ms_ssim", "ssim"]

Picture = NDArray[np.float64]

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the scales, finest first (Wang et al. 2003)
_SIGMA, _REACH = 1.5, 5  # of the window of 11 pixels
_C1, _C2 = 0.01**2, 0.03**2


def ssim(one: Picture, other: Picture) -> tuple[float, float]:
    """Mean structural similarity of two pictures (H, W) in 0..1, and of contrast and structure without luminance.

    Where the window lies wholly inside (Wang et al. 2004).
    """

    def blurred(x: Picture) -> Picture:
        inside: Picture = ndimage.gaussian_filter(x, _SIGMA, radius=_REACH)[_REACH:-_REACH, _REACH:-_REACH]
        return inside

    mean, of = blurred(one), blurred(other)
    variance, its, both = blurred(one**2) - mean**2, blurred(other**2) - of**2, blurred(one * other) - mean * of
    structure = (2 * both + _C2) / (variance + its + _C2)
    luminance = (2 * mean * of + _C1) / (mean**2 + of**2 + _C1)
    return float((luminance * structure).mean()), float(structure.mean())


def ms_ssim(one: Picture, other: Picture) -> float:
    """Multi-scale SSIM of two pictures, sides at least 176: 1 for the same, about 0 for strangers.

    Examples
    --------
    >>> x = np.random.default_rng(0).random((192, 192))
    >>> round(ms_ssim(x, x), 6)
    1.0
    """
    product = 1.0
    for scale, weight in enumerate(_WEIGHTS):
        whole, structure = ssim(one, other)
        last = scale == len(_WEIGHTS) - 1
        product *= max(whole if last else structure, 0.0) ** weight
        one, other = _half(one), _half(other)
    return product


def _half(x: Picture) -> Picture:
    height, width = x.shape[0] // 2 * 2, x.shape[1] // 2 * 2
    halved: Picture = x[:height, :width].reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return halved
