"""Where a finding was seen: the strongest point of its map and a box around what stands above half of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from prosvet.core.types import Evidence, Point
from prosvet.models.examine import FindingMap

__all__ = ["excess", "map_evidence"]


def excess(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """What of a map (h, w), logits, stands out: above its median, scaled so that its peak is 1."""
    above = np.maximum(plane - np.median(plane), 0)
    peak = float(above.max())
    scaled: NDArray[np.float32] = (above / peak if peak > 0 else above).astype(np.float32)
    return scaled


def map_evidence(found: FindingMap) -> Evidence:
    """The peak and the half-height box of a finding's map, in pixels of the upright film."""
    from scipy import ndimage

    plane = excess(found.plane)
    cell = found.placement.size / plane.shape[0]
    row, column = np.unravel_index(int(plane.argmax()), plane.shape)
    labels, _ = ndimage.label(plane >= 0.5)
    rows, columns = (
        np.nonzero(labels == labels[row, column]) if labels[row, column] else (np.array([row]), np.array([column]))
    )
    corners = (
        np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1], [column + 0.5, row + 0.5]]) * cell
    )
    on_film = found.placement.to_original(corners)
    box = found.placement.box
    on_film[:, 0] = np.clip(on_film[:, 0], box.left, box.right)
    on_film[:, 1] = np.clip(on_film[:, 1], box.top, box.bottom)
    (left, top), (right, bottom), (x, y) = ((round(float(a), 1), round(float(b), 1)) for a, b in on_film)
    peak: Point = (x, y)
    return Evidence(kind="map", peak=peak, box=(left, top, right, bottom))
