"""What a decoder hands back, and the steps that every decoder shares: colour to grey, values made finite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import ColourPhotograph, UnsupportedFile

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["Picture", "finite", "to_grey"]

# A pixel is coloured when its colour differs by more than this from what its neighbours in brightness carry:
# so the tint of a scanned film (blue base, yellowed paper), which goes with brightness, does not count.
_COLOURED = 0.10  # of full scale
_MOST_COLOURED = 0.04  # share of pixels: annotations in colour take less
_MOST_TINT = 0.15  # of full scale: no film is tinted more
_GREY_WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma
_SAMPLES_A_SIDE = 512
_LARGEST = 1e30  # beyond it float32 arithmetic overflows


@dataclass(frozen=True)
class Picture:
    """Decoded pixels (H, W), float32, with what the file says of them; see :class:`Film`."""

    pixels: NDArray[np.float32]
    steps: tuple[str, ...] = ()
    spacing: tuple[float, float] | None = None
    header: Dataset | None = None


def finite(pixels: NDArray[Any], name: str) -> NDArray[np.float32]:
    """Float values as float32; not-a-number and infinity become the smallest finite value.

    Raises
    ------
    UnsupportedFile
        When no pixel is finite, or values are beyond ±1e30.
    """
    usable = np.isfinite(pixels)
    if not usable.any():
        raise UnsupportedFile(name=name, reason="image_no_values")
    low, high = pixels[usable].min(), pixels[usable].max()
    if max(abs(float(low)), abs(float(high))) > _LARGEST:
        raise UnsupportedFile(name=name, reason="image_no_values")
    return np.where(usable, pixels, low).astype(np.float32)


def to_grey(colour: NDArray[np.unsignedinteger], full: int, name: str) -> NDArray[np.float32]:
    """Luma of an RGB image that is grey but for a tint or a few coloured marks.

    Parameters
    ----------
    colour : ndarray, shape (H, W, 3), unsigned integers
    full : int
        The greatest value a channel can take.

    Returns
    -------
    grey : ndarray, shape (H, W), float32
        In the channels' own units; exact where the channels are equal.

    Raises
    ------
    ColourPhotograph
        When the image is truly coloured.
    """
    red, green, blue = colour[..., 0], colour[..., 1], colour[..., 2]
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return red.astype(np.float32)
    if is_coloured(colour, full):
        raise ColourPhotograph(name=name)
    grey = np.empty(red.shape, dtype=np.float32)
    for top in range(0, red.shape[0], 256):  # in strips: three float planes at once would triple the memory
        rows = slice(top, top + 256)
        planes = [plane[rows].astype(np.float32) for plane in (red, green, blue)]
        mixed = sum(weight * plane for weight, plane in zip(_GREY_WEIGHTS, planes, strict=True))
        equal = (planes[0] == planes[1]) & (planes[1] == planes[2])
        grey[rows] = np.where(equal, planes[0], mixed)
    return grey


def is_coloured(colour: NDArray[np.unsignedinteger], full: int) -> bool:
    """Is an RGB image (H, W, 3) coloured, tint and small marks set aside?"""
    step_y, step_x = (max(1, side // _SAMPLES_A_SIDE) for side in colour.shape[:2])
    samples = colour[::step_y, ::step_x].reshape(-1, 3).astype(np.float32) / full
    luma = samples @ np.asarray(_GREY_WEIGHTS, dtype=np.float32)
    chroma = samples[:, (0, 2)] - luma[:, None]
    level = np.minimum((luma * 16).astype(np.intp), 15)
    tint = np.zeros((16, 2), dtype=np.float32)
    for step in np.unique(level):
        tint[step] = np.clip(np.median(chroma[level == step], axis=0), -_MOST_TINT, _MOST_TINT)
    away = np.abs(chroma - tint[level]).max(axis=1)
    return bool((away > _COLOURED).mean() > _MOST_COLOURED)
