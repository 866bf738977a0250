"""From the anatomy network's planes to lungs, heart, cardiothoracic ratio, sides and zones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from prosvet.core.types import Measurement, Point, Side, Zone
from prosvet.imaging.geometry import Placement

__all__ = ["PARTS", "Anatomy", "cardiothoracic_lines", "clean_plane"]

PARTS = ("right_lung", "left_lung", "heart")

_LEAST_SHARE = 0.015  # of the square: a smaller "lung" is noise


@dataclass(frozen=True)
class Anatomy:
    """Masks of the film's anatomy on the prepared square.

    Attributes
    ----------
    masks : dict of part to ndarray of bool, shape (S, S)
        Only parts that were found. Right is the patient's right.
    placement : Placement
        From the square to the film.
    """

    masks: dict[str, NDArray[np.bool_]]
    placement: Placement

    @property
    def complete(self) -> bool:
        """Both lungs and the heart were found."""
        return set(self.masks) == set(PARTS)

    def on_film(self, part: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """The mask of `part` on the film's own pixels (H, W)."""
        plane = self.masks[part].astype(np.float32)
        return self.placement.map_to_original(plane, shape) > 0.5

    def cardiothoracic_ratio(self) -> Measurement | None:
        """Greatest heart width over greatest inner chest width; None when a part is missing."""
        if not self.complete:
            return None
        heart, thorax = cardiothoracic_lines(self.masks)
        if thorax[1][0] <= thorax[0][0]:
            return None
        ratio = (heart[1][0] - heart[0][0]) / (thorax[1][0] - thorax[0][0])
        step = self.placement.size / self.masks["heart"].shape[0]

        def carry(line: tuple[Point, Point]) -> tuple[Point, Point]:
            ends = self.placement.to_original(np.array(line) * step)
            return (float(ends[0, 0]), float(ends[0, 1])), (float(ends[1, 0]), float(ends[1, 1]))

        return Measurement(
            name="cardiothoracic_ratio",
            value=round(float(ratio), 3),
            lines={"heart": carry(heart), "thorax": carry(thorax)},
        )

    def locate(self, plane: NDArray[np.float32]) -> tuple[Side | None, Zone | None]:
        """Side and zone of a finding from its map (h, w) over the square.

        The map's mass inside each lung decides: a side needs twice the other's mass, a zone two thirds of its
        lung's. None when no lung was found or the map has no mass inside one.
        """
        size = next(iter(self.masks.values())).shape[0] if self.masks else 0
        if not {"right_lung", "left_lung"} & set(self.masks):
            return None, None
        positions = (np.arange(size) * plane.shape[0] / size).astype(int)
        mass = np.maximum(plane, 0)[np.ix_(positions, positions)]
        mass = np.where(mass >= 0.5 * mass.max(), mass, 0)
        weights = {
            side: _thirds(self.masks.get(part), mass)
            for side, part in ((Side.RIGHT, "right_lung"), (Side.LEFT, "left_lung"))
        }
        right, left = weights[Side.RIGHT].sum(), weights[Side.LEFT].sum()
        if right + left <= 0:
            return None, None
        side = Side.RIGHT if right > 2 * left else Side.LEFT if left > 2 * right else Side.BILATERAL
        thirds = weights[side] if side is not Side.BILATERAL else weights[Side.RIGHT] + weights[Side.LEFT]
        share = thirds / thirds.sum()
        zone = (Zone.UPPER, Zone.MIDDLE, Zone.LOWER)[int(share.argmax())] if share.max() > 0.6 else Zone.DIFFUSE
        return side, zone


def _thirds(lung: NDArray[np.bool_] | None, mass: NDArray[np.float32]) -> NDArray[np.float64]:
    """The map's mass in the upper, middle and lower third of a lung's height."""
    if lung is None:
        return np.zeros(3)
    rows = np.flatnonzero(lung.any(axis=1))
    edges = np.linspace(rows[0], rows[-1] + 1, 4).astype(int)
    inside = np.where(lung, mass, 0)
    return np.array([inside[a:b].sum() for a, b in pairwise(edges)], dtype=np.float64)


def clean_plane(probability: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """The largest connected part of a plane above one half, holes filled; None when it is too small to be real."""
    from scipy import ndimage

    labels, count = ndimage.label(probability > 0.5)
    if count == 0:
        return None
    sizes = ndimage.sum_labels(np.ones_like(labels), labels, index=np.arange(1, count + 1))
    mask: NDArray[np.bool_] = ndimage.binary_fill_holes(labels == 1 + int(np.argmax(sizes)))
    return mask if mask.mean() >= _LEAST_SHARE else None


def cardiothoracic_lines(masks: dict[str, NDArray[np.bool_]]) -> tuple[tuple[Point, Point], tuple[Point, Point]]:
    """The heart's and the chest's transverse diameters, as horizontal lines in pixels of the masks.

    Each runs between the outermost edges, right and left, at whatever height these lie (the sum of the greatest
    right and left half-diameters), as the published ratios of the training films were measured; the line is drawn
    where the part is widest.
    """
    lungs = masks["right_lung"] | masks["left_lung"]
    return _diameter(masks["heart"]), _diameter(lungs)


def _diameter(mask: NDArray[np.bool_]) -> tuple[Point, Point]:
    columns = np.flatnonzero(mask.any(axis=0))
    first = mask.argmax(axis=1)
    last = mask.shape[1] - mask[:, ::-1].argmax(axis=1)
    row = float(np.where(mask.any(axis=1), last - first, 0).argmax())
    return (float(columns[0]), row), (float(columns[-1] + 1), row)
