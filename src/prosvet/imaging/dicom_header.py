"""What a DICOM header says of the picture, checked: the rest of the program never meets a raw element."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from prosvet.core.errors import UnsupportedFile
from prosvet.imaging.luts import LookupTable, Window, WindowShape

__all__ = ["Description", "describe"]

_SHAPES: dict[str, WindowShape] = {"LINEAR": "linear", "LINEAR_EXACT": "linear_exact", "SIGMOID": "sigmoid"}
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_LEAST_SPACING, _MOST_SPACING = 0.01, 5.0  # millimetres: no detector or scanner lies outside
_MOST_BITS = 64
_MOST_LUT_ENTRIES = 65536


@dataclass(frozen=True)
class Description:
    """Attributes of the Image Pixel, Modality LUT and VOI LUT modules that decoding needs.

    Attributes
    ----------
    padding : (low, high) or None
        Stored values that stand for "no picture here".
    window : Window or None
        The first window; it may be invalid (see :attr:`Window.valid`).
    spacing : (float, float) or None
        Millimetres per pixel, row and column.
    """

    rows: int
    columns: int
    samples: int
    frames: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    rescale: tuple[float, float] | None
    modality_table: LookupTable | None
    voi_table: LookupTable | None
    window: Window | None
    padding: tuple[int, int] | None
    spacing: tuple[float, float] | None


def describe(header: Dataset, name: str) -> Description:
    """Read and check a header.

    Raises
    ------
    UnsupportedFile
        When a size is zero, absent or absurd, or a lookup table is not what its descriptor says.
    """
    stored = header.get("BitsStored") or header.get("BitsAllocated") or 0
    found = Description(
        rows=_integer(header, "Rows", name),
        columns=_integer(header, "Columns", name),
        samples=_integer(header, "SamplesPerPixel", name, default=1),
        frames=_integer(header, "NumberOfFrames", name, default=1),
        photometric=str(header.get("PhotometricInterpretation") or "").strip().upper(),
        bits_allocated=_integer(header, "BitsAllocated", name),
        bits_stored=int(stored),
        rescale=_rescale(header),
        modality_table=_table(header, "ModalityLUTSequence", name),
        voi_table=_table(header, "VOILUTSequence", name),
        window=_window(header),
        padding=_padding(header),
        spacing=_spacing(header),
    )
    bits = found.bits_allocated
    sane = (found.rows > 0 and found.columns > 0 and found.samples in (1, 3, 4) and found.frames > 0
            and (bits == 1 or bits % 8 == 0) and 0 < found.bits_stored <= bits <= _MOST_BITS)  # fmt: skip
    if not sane:
        raise UnsupportedFile(name=name, reason="image_header")
    return found


def _integer(header: Dataset, keyword: str, name: str, default: int | None = None) -> int:
    value = header.get(keyword)
    if value is None or value == "":
        value = default
    if value is None or isinstance(value, (list, tuple)):
        raise UnsupportedFile(name=name, reason="image_header")
    return int(value)


def _numbers(header: Dataset, keyword: str) -> list[float]:
    """The finite-or-not numbers of an element; none when it is absent, empty or not of numbers."""
    value = header.get(keyword)
    if value is None or value == "":
        return []
    parts = value if hasattr(value, "__len__") and not isinstance(value, str) else [value]
    try:
        return [float(part) for part in parts]
    except (TypeError, ValueError):
        return []


def _rescale(header: Dataset) -> tuple[float, float] | None:
    """Slope and intercept; None when there are none or they would flatten the picture or overflow."""
    slope, intercept = _numbers(header, "RescaleSlope"), _numbers(header, "RescaleIntercept")
    if not slope and not intercept:
        return None
    pair = (slope or [1.0])[0], (intercept or [0.0])[0]
    usable = all(math.isfinite(v) and abs(v) < 1e12 for v in pair) and abs(pair[0]) > 1e-12
    return pair if usable and pair != (1.0, 0.0) else None


def _window(header: Dataset) -> Window | None:
    centre, width = _numbers(header, "WindowCenter"), _numbers(header, "WindowWidth")
    if not centre or not width:
        return None
    shape = str(header.get("VOILUTFunction") or "LINEAR").strip().upper()
    return Window(centre[0], width[0], _SHAPES.get(shape, "linear"))


def _table(header: Dataset, keyword: str, name: str) -> LookupTable | None:
    """The first item of a LUT sequence (PS3.3 C.11.1.1): entries, first value mapped, bits of an entry."""
    items = header.get(keyword)
    if not items:
        return None
    item = items[0]
    descriptor, raw = _numbers(item, "LUTDescriptor"), item.get("LUTData")
    if len(descriptor) != 3 or raw is None:
        raise UnsupportedFile(name=name, reason="image_table")
    entries = int(descriptor[0]) or _MOST_LUT_ENTRIES
    values = _entries(raw, int(descriptor[2]), entries, little=header.original_encoding[1] is not False)
    if values.size < max(entries, 2) or not shows_range(values):
        raise UnsupportedFile(name=name, reason="image_table")
    first = int(descriptor[1])
    if first >= 1 << 15 and header.get("PixelRepresentation") == 1:
        first -= 1 << 16  # read as unsigned, meant as signed
    return LookupTable(first, values[:entries].astype(np.float32))


def shows_range(values: NDArray[np.generic]) -> bool:
    """A table of one value shows nothing."""
    return bool(values.min() < values.max())


def _entries(raw: object, bits: int, entries: int, *, little: bool) -> NDArray[np.generic]:
    if not isinstance(raw, bytes):
        return np.asarray(raw, dtype=np.int64).reshape(-1)
    if bits <= 8 and len(raw) < 2 * entries:
        return np.frombuffer(raw, dtype=np.uint8)
    return np.frombuffer(raw[: len(raw) // 2 * 2], dtype="<u2" if little else ">u2")


def _padding(header: Dataset) -> tuple[int, int] | None:
    value = _numbers(header, "PixelPaddingValue")
    if not value or not math.isfinite(value[0]):
        return None
    limit = _numbers(header, "PixelPaddingRangeLimit")
    other = limit[0] if limit and math.isfinite(limit[0]) else value[0]
    return int(min(value[0], other)), int(max(value[0], other))


def _spacing(header: Dataset) -> tuple[float, float] | None:
    """The first spacing that a real film could have: calibrated, then at the detector, then of the scanner."""
    for keyword in _SPACINGS:
        pair = _numbers(header, keyword)
        if len(pair) == 2 and all(_LEAST_SPACING <= side <= _MOST_SPACING for side in pair):
            return pair[0], pair[1]
    return None
