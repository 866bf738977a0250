"""What is measured on a film, so that the generator learns to obey it: the heart, and where the lungs are grey.

Labels say what a film shows and never where. The anatomy network gives lungs and heart, hence the cardiothoracic
ratio and the mean grey of the six lung zones against both lungs. The flow is conditioned on these numbers; a request
for a left lower pneumonia becomes a number for that zone.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from prosvet.core.types import Side, Zone
from prosvet.imaging.intensity import standardise
from prosvet.models.anatomy import PARTS, cardiothoracic_lines, clean_plane
from prosvet.models.backends.onnx import OnnxNetwork

__all__ = ["MEASURES", "ZONES", "measure", "measure_all", "spot"]

ZONES = tuple((side, zone) for side in (Side.RIGHT, Side.LEFT) for zone in (Zone.UPPER, Zone.MIDDLE, Zone.LOWER))
MEASURES = 1 + len(ZONES)  # the ratio, then the zones

_BATCH = 4
_ONE_SIDED = 0.35  # of the lungs' own spread: what the sides must differ by to be called one-sided
_ONE_ZONE = 0.45


def measure(film: NDArray[np.uint8], planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cardiothoracic ratio and the grey of :data:`ZONES` (7,) of a prepared film (S, S); NaN where a part is missing.

    `planes` are the anatomy network's probabilities (3, S, S). A zone's grey is its mean against that of both lungs,
    in their standard deviations: about -1.5 to 1.5, more is whiter.
    """
    masks = {part: mask for part, plane in zip(PARTS, planes, strict=True) if (mask := clean_plane(plane)) is not None}
    out = np.full(MEASURES, np.nan, dtype=np.float32)
    if not {"right_lung", "left_lung"} <= set(masks):
        return out
    lungs = film[masks["right_lung"] | masks["left_lung"]].astype(np.float32)
    thirds = [_thirds(film, masks[part]) for part in ("right_lung", "left_lung")]
    out[1:] = (np.concatenate(thirds) - lungs.mean()) / max(float(lungs.std()), 1.0)
    if "heart" in masks:
        heart, chest = cardiothoracic_lines(masks)
        out[0] = (heart[1][0] - heart[0][0]) / max(chest[1][0] - chest[0][0], 1.0)
    return out


def _thirds(film: NDArray[np.uint8], lung: NDArray[np.bool_]) -> NDArray[np.float32]:
    rows = np.flatnonzero(lung.any(axis=1))
    edges = np.linspace(rows[0], rows[-1] + 1, 4).astype(int)
    return np.array([film[a:b][lung[a:b]].mean() for a, b in pairwise(edges)], dtype=np.float32)


def measure_all(films: NDArray[np.uint8], anatomy: OnnxNetwork) -> NDArray[np.float32]:
    """:func:`measure` of prepared films (N, 256, 256): (N, 7)."""
    out = np.zeros((len(films), MEASURES), dtype=np.float32)
    for start in range(0, len(films), _BATCH):
        some = films[start : start + _BATCH]
        grey = some[:, None].astype(np.float32) / np.float32(255)
        planes = anatomy(standardise(grey))[0]
        out[start : start + _BATCH] = [measure(film, plane) for film, plane in zip(some, planes, strict=True)]
    return out


def spot(zones: NDArray[np.float32]) -> tuple[Side | None, Zone | None]:
    """Side and zone (6,) of what stands out whiter, None where nothing does: a hint for a sentence, not a reading.

    Examples
    --------
    >>> spot(np.array([-0.2, -0.2, 0.1, -0.2, 0.1, 1.2], dtype=np.float32))
    (<Side.LEFT: 'left'>, <Zone.LOWER: 'lower'>)
    """
    if np.isnan(zones).any():
        return None, None
    sides = zones.reshape(2, 3)
    gap = float(sides[0].mean() - sides[1].mean())
    if abs(gap) < _ONE_SIDED:
        return None, None
    side, thirds = (Side.RIGHT, sides[0]) if gap > 0 else (Side.LEFT, sides[1])
    best = int(thirds.argmax())
    return side, (Zone.UPPER, Zone.MIDDLE, Zone.LOWER)[best] if thirds[best] - thirds.mean() > _ONE_ZONE else None
