"""A film: one grey image as the file holds it, with what the file says of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["Film"]


@dataclass(frozen=True)
class Film:
    """One image in memory.

    Attributes
    ----------
    pixels : ndarray, shape (H, W), float32
        Grey values, bone bright, air dark (as far as the file says); units are the file's own.
    name : str
        The file's name without its folder.
    sha256 : str
        Of the file's bytes.
    format : str
        ``dicom``, ``png``, ``jpeg`` or ``tiff``.
    spacing : (float, float) or None
        Millimetres per pixel, row and column, at the detector or as calibrated; None when not stated.
    header : pydicom.Dataset or None
        The DICOM header without pixels. It may identify the patient: it goes to de-identification only.
    steps : tuple of str
        What was done to the pixels, in order: ``modality_lut``, ``voi_window``, ``monochrome1``, ...
    """

    pixels: NDArray[np.float32]
    name: str
    sha256: str
    format: str
    spacing: tuple[float, float] | None = None
    header: Dataset | None = field(default=None, repr=False)
    steps: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def upright(self, *, inverted: bool, rotated: int) -> Self:
        """The film with a negative turned positive and a rotation undone.

        Parameters
        ----------
        rotated : int
            Degrees counter-clockwise by which the film stands turned: 0, 90, 180 or 270.
        """
        pixels, steps, spacing = self.pixels, self.steps, self.spacing
        if inverted:
            pixels, steps = pixels.max() + pixels.min() - pixels, (*steps, "inversion_repaired")
        if rotated:
            pixels = np.ascontiguousarray(np.rot90(pixels, -rotated // 90))
            steps = (*steps, f"rotation_{rotated}_repaired")
            if spacing is not None and rotated in (90, 270):
                spacing = (spacing[1], spacing[0])
        return replace(self, pixels=pixels, steps=steps, spacing=spacing)
