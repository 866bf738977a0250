"""Whether a picture has lungs and a heart such as real chests have: sizes, places, pieces, the cardiothoracic ratio.

The anatomy network finds the parts, on made pictures as on real films; each number of a picture is held against the
range of real films.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from prosvet.core.context import Context
from prosvet.imaging.intensity import standardise
from prosvet.models.anatomy import PARTS, cardiothoracic_lines, clean_plane
from prosvet.models.backends.onnx import OnnxNetwork
from prosvet.models.card import verified_path
from prosvet.models.deployed import in_force
from prosvet.synthesis.zones import Mask

__all__ = ["NUMBERS", "RATIO", "plausible", "ranges", "shape_of", "shapes"]

Floats = NDArray[np.float64]

NUMBERS = (
    *(f"{part}.{number}" for part in PARTS for number in ("area", "across", "down", "solid")),
    "pieces",
    "lungs_alike",
    "ratio",
)
"""Of each part its share of the picture, its centre (shares of the sides), and how much of its box it fills; pieces of
all parts, three where each is one; the smaller lung's area over the larger's; the cardiothoracic ratio."""

RATIO = NUMBERS.index("ratio")
_CRUMB = 0.002  # of the picture


def shapes(pictures: NDArray[np.uint8], context: Context) -> Floats:
    """:data:`NUMBERS` of each picture (N, 256, 256): (N, 15); NaN where a part was not found."""
    network = OnnxNetwork(verified_path(in_force(context.settings).card, "anatomy"), context.settings.threads)
    out = np.full((len(pictures), len(NUMBERS)), np.nan)
    for number in context.progress.track(range(len(pictures)), "synthesis_anatomy", total=len(pictures)):
        planes = network(standardise(pictures[number].astype(np.float32) / np.float32(255))[None, None])[0][0]
        masks = {part: clean_plane(plane) for part, plane in zip(PARTS, planes, strict=True)}
        out[number] = shape_of({part: mask for part, mask in masks.items() if mask is not None}, _pieces(planes))
    return out


def _pieces(planes: NDArray[np.float32]) -> int:
    """Connected pieces of all parts, crumbs left out."""
    count = 0
    for plane in planes:
        pieces, _ = ndimage.label(plane > 0.5)
        count += int((np.bincount(pieces.ravel())[1:] >= _CRUMB * plane.size).sum())
    return count


def shape_of(masks: Mapping[str, Mask], pieces: int) -> Floats:
    """:data:`NUMBERS` of the parts of one picture."""
    out = np.full(len(NUMBERS), np.nan)
    out[NUMBERS.index("pieces")] = pieces
    for at, part in enumerate(PARTS):
        if part in masks:
            out[4 * at : 4 * at + 4] = _numbers(masks[part])
    if {"right_lung", "left_lung"} <= set(masks):
        right, left = out[0], out[4]
        out[-2] = min(right, left) / max(right, left)
        if "heart" in masks:
            heart, chest = cardiothoracic_lines(dict(masks))
            out[RATIO] = (heart[1][0] - heart[0][0]) / max(chest[1][0] - chest[0][0], 1.0)
    return out


def _numbers(mask: Mask) -> tuple[float, float, float, float]:
    down, across = ndimage.center_of_mass(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return float(mask.mean()), across / mask.shape[1], down / mask.shape[0], float(mask.sum() / box)


def ranges(real: Floats) -> Floats:
    """The 1st and the 99th percentile of each number (2, 15) over real films (N, 15)."""
    bounds: Floats = np.nanpercentile(real, [1, 99], axis=0)
    return bounds


def plausible(numbers: Floats, bounds: Floats) -> NDArray[np.bool_]:
    """Of each picture (N,), whether all parts were found and every number but the ratio is within the range.

    The ratio is left out: it is what a prompt of cardiomegaly is to change.
    """
    kept = [at for at in range(len(NUMBERS)) if at != RATIO]
    inside = (numbers[:, kept] >= bounds[0, kept]) & (numbers[:, kept] <= bounds[1, kept])
    return np.asarray(inside.all(axis=1), dtype=bool)
