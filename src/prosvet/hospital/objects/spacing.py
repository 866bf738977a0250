"""How large a source's pixels are, where it says so, and at which plane: nothing is made up for one that does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pydicom.dataset import Dataset

from prosvet.core.types import Point

__all__ = ["Spacing", "spacing_of"]

Plane = Literal["calibrated", "detector", "scanned"]
_ELEMENTS: tuple[tuple[str, Plane], ...] = (
    ("PixelSpacing", "calibrated"), ("ImagerPixelSpacing", "detector"), ("NominalScannedPixelSpacing", "scanned"),
)  # fmt: skip
_LEAST, _MOST = 0.01, 5.0  # millimetres, as in prosvet.imaging.dicom_header


@dataclass(frozen=True)
class Spacing:
    """Millimetres between rows and between columns of the source's own grid.

    Attributes
    ----------
    plane : {"calibrated", "detector", "scanned"}
        A Pixel Spacing that says it was calibrated for the patient; else at the detector, where the heart is drawn
        larger than it is; else of the scanned film.
    """

    row: float
    column: float
    plane: Plane

    def length(self, start: Point, end: Point) -> float:
        """Millimetres between two points (x, y) of the source.

        Examples
        --------
        >>> Spacing(0.2, 0.1, "detector").length((0.0, 0.0), (30.0, 20.0))
        5.0
        """
        return math.hypot((end[0] - start[0]) * self.column, (end[1] - start[1]) * self.row)


def spacing_of(source: Dataset) -> Spacing | None:
    """The spacing of `source`; None when it states none that a film could have."""
    imager = _pair(source, "ImagerPixelSpacing")
    for keyword, plane in _ELEMENTS:
        pair = _pair(source, keyword)
        if pair is None:
            continue
        # PS3.3 10.7.1.3: a Pixel Spacing that is uncalibrated, or repeats the imager's, is that of the detector.
        calibrated = plane == "calibrated" and bool(source.get("PixelSpacingCalibrationType")) and pair != imager
        return Spacing(*pair, plane if plane != "calibrated" or calibrated else "detector")
    return None


def _pair(source: Dataset, keyword: str) -> tuple[float, float] | None:
    value = source.get(keyword)
    if value is None or isinstance(value, str) or not hasattr(value, "__len__") or len(value) != 2:
        return None
    try:
        row, column = (float(one) for one in value)
    except (TypeError, ValueError):
        return None
    return (row, column) if all(_LEAST <= one <= _MOST for one in (row, column)) else None
