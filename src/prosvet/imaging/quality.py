"""Reasons for caution that the pixels themselves give, without any model.

The limits were set on 1,400 films of four public sources: each reason holds for about one film in a hundred of
those, and a look at them agreed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prosvet.imaging.film import Film
from prosvet.imaging.geometry import Box, content_box

__all__ = ["quality_reasons"]

_SMALL_SIDE = 256  # pixels
_BLANK_LEVELS = 4
_LEAST_LEVELS = 48  # distinct greys between the 5th and the 95th percentile
_LEAST_RANGE = 0.12  # that range as a share of the film's whole range
_EDGE_OF_RANGE = 0.02  # of the range: nearer to its ends than this is solid black or white
_MOST_WHITE, _MOST_BLACK = 0.12, 0.10  # share of the film's core
_CUT_SHARE = 0.12  # of the lung's height or width
_MARGIN = 0.012  # of the film: nearer to its edge than this is at the edge
_SAMPLES_A_SIDE = 512


def quality_reasons(
    film: Film, *, right_lung: NDArray[np.bool_] | None = None, left_lung: NDArray[np.bool_] | None = None
) -> tuple[str, ...]:
    """What makes the film harder to judge, as keys under ``quality`` in the locales.

    Parameters
    ----------
    right_lung, left_lung : ndarray of bool, shape (H, W), optional
        Masks on the film's own pixels; without them ``cut_lungs`` is not assessed.

    Returns
    -------
    tuple of str
        Of ``small_image``, ``blank``, ``low_contrast``, ``clipped``, ``cut_lungs``; empty for a good film.
    """
    reasons: list[str] = []
    if min(film.shape) < _SMALL_SIDE:
        reasons.append("small_image")
    step = max(1, min(film.shape) // _SAMPLES_A_SIDE)
    picture = film.pixels[::step, ::step]
    box = content_box(picture)
    content = np.asarray(box.cut(picture), dtype=np.float32)
    if _is_blank(content):
        return (*reasons, "blank")
    if _is_flat(content, float(np.ptp(picture))):
        reasons.append("low_contrast")
    if _is_clipped(content):
        reasons.append("clipped")
    masks = [mask for mask in (right_lung, left_lung) if mask is not None]
    if any(_is_cut(mask, step, box) for mask in masks):
        reasons.append("cut_lungs")
    return tuple(reasons)


def _middle(content: NDArray[np.float32], margin: float) -> NDArray[np.float32]:
    top, left = (int(side * margin) for side in content.shape)
    return content[top : content.shape[0] - top, left : content.shape[1] - left]


def _is_blank(content: NDArray[np.float32]) -> bool:
    low, high = np.percentile(content, (1, 99))
    return bool(low == high) or np.unique(content).size < _BLANK_LEVELS


def _is_flat(content: NDArray[np.float32], whole: float) -> bool:
    """Few greys where the lungs are, in number or next to the brightest and darkest marks on the film."""
    middle = _middle(content, 0.10)
    low, high = np.percentile(middle, (5, 95))
    levels = np.unique(middle[(middle >= low) & (middle <= high)]).size
    return levels < _LEAST_LEVELS or bool(high - low < _LEAST_RANGE * whole)


def _is_clipped(content: NDArray[np.float32]) -> bool:
    low, high = np.percentile(content, (0.5, 99.5))
    edge = _EDGE_OF_RANGE * (high - low)
    core = _middle(content, 0.15)
    return bool((core >= high - edge).mean() > _MOST_WHITE or (core <= low + edge).mean() > _MOST_BLACK)


def _is_cut(mask: NDArray[np.bool_], step: int, content: Box) -> bool:
    """Does a lung's mask run along an edge of the content for a good part of its own height or width?"""
    small = mask[::step, ::step]
    rows, columns = np.flatnonzero(small.any(axis=1)), np.flatnonzero(small.any(axis=0))
    if rows.size == 0:
        return False
    height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    inside = np.asarray(content.cut(small), dtype=bool)
    margin = max(2, int(_MARGIN * max(content.height, content.width)))
    sides = max(inside[:, :margin].any(axis=1).sum(), inside[:, -margin:].any(axis=1).sum()) / height
    ends = max(inside[:margin].any(axis=0).sum(), inside[-margin:].any(axis=0).sum()) / width
    return bool(max(sides, ends) > _CUT_SHARE)
