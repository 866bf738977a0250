"""A film for a viewer: 16-bit values over its whole range, the way back to the file's units, and its windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from prosvet.imaging.film import Film
from prosvet.imaging.windows import GreyWindow, windows_of

__all__ = ["SpacingKind", "WholeRange", "film_windows", "spacing_kind", "whole_range"]

SpacingKind = Literal["calibrated", "detector", "none"]
_TOP = 65535
_STATED_LEAST = 0.02  # of the film's own range: a narrower window is a mistake of its writer


@dataclass(frozen=True)
class WholeRange:
    """What a viewer needs.

    Attributes
    ----------
    values : ndarray, shape (H, W), uint16
    slope, intercept : float
        Grey in the file's units is ``values * slope + intercept``.
    windows : dict of name to GreyWindow
        In units of `values`.
    spacing : (float, float) or None
        Millimetres per pixel, row and column.
    spacing_kind : str
        ``calibrated`` (at the patient), ``detector`` (at the detector's plane: the patient is smaller), ``none``.
    """

    values: NDArray[np.uint16]
    slope: float
    intercept: float
    windows: dict[str, GreyWindow]
    spacing: tuple[float, float] | None
    spacing_kind: SpacingKind


def whole_range(film: Film) -> WholeRange:
    """Whole numbers that fit 16 bits are kept as they are; all else is spread over 65,536 steps."""
    low, high = float(film.pixels.min()), float(film.pixels.max())
    whole = bool((np.rint(film.pixels) == film.pixels).all())
    if whole and low >= 0 and high <= _TOP:
        slope, intercept = 1.0, 0.0
    elif whole and high - low <= _TOP:
        slope, intercept = 1.0, low
    else:
        slope, intercept = max(high - low, 1e-12) / _TOP, low
    values = film.pixels if slope == 1.0 else (film.pixels - np.float32(intercept)) / np.float32(slope)
    if slope == 1.0 and intercept:
        values = values - np.float32(intercept)
    packed = np.clip(np.rint(values), 0, _TOP).astype("<u2")
    windows = {
        name: GreyWindow((one.low - intercept) / slope, (one.high - intercept) / slope)
        for name, one in film_windows(film).items()
    }
    return WholeRange(packed, slope, intercept, windows, film.spacing, spacing_kind(film))


def film_windows(film: Film) -> dict[str, GreyWindow]:
    """The windows of a film that was read over its whole range, in its own units; see :func:`windows_of`."""
    return windows_of(film.pixels, _stated(film))


def spacing_kind(film: Film) -> SpacingKind:
    """Of what plane the film's millimetres are (DICOM PS3.3 10.7.1.3: equal spacings are the detector's)."""
    if film.spacing is None:
        return "none"
    header = film.header
    if header is None:
        return "calibrated"
    own, imager = header.get("PixelSpacing"), header.get("ImagerPixelSpacing")
    # Zeros stand there too: what the film's millimetres were not taken from says nothing of them.
    if own is None or sorted(float(mm) for mm in own) != sorted(film.spacing):
        return "detector"
    if header.get("PixelSpacingCalibrationType"):
        return "calibrated"
    return "calibrated" if imager is not None and list(own) != list(imager) else "detector"


def _stated(film: Film) -> GreyWindow | None:
    """The first window of the file's header, carried through the flips of the film; None when it is of no use."""
    if film.header is None or "pixel_padding" in film.steps or "colour_to_grey" in film.steps:
        return None
    from prosvet.imaging.dicom_header import describe  # the header was read with it: pydicom is there already

    about = describe(film.header, film.name)
    if about.window is None or about.voi_table is not None or not about.window.valid:
        return None
    low, high = about.window.centre - about.window.width / 2, about.window.centre + about.window.width / 2
    bottom, top = float(film.pixels.min()), float(film.pixels.max())
    if sum(step in ("monochrome1", "inversion_repaired") for step in film.steps) % 2:
        low, high = bottom + top - high, bottom + top - low
    overlap = min(high, top) - max(low, bottom)
    return GreyWindow(low, high) if overlap > _STATED_LEAST * (top - bottom) else None
