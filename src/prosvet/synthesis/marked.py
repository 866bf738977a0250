"""From the generator's numbers to files: written upon, watermarked, with everything they were made with."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from prosvet.core.errors import InvalidRequest
from prosvet.imaging.provenance import SYNTHETIC, Provenance, png_bytes
from prosvet.imaging.watermark import add_watermark
from prosvet.synthesis.dicom import dicom_bytes

__all__ = ["FONT", "FileKind", "file_bytes", "kind_of", "marked"]

FileKind = Literal["png", "dcm"]

FONT = str(resources.files("prosvet.imaging") / "fonts" / "DejaVuSans-ru-en.ttf")
_LETTERS = 14  # points, on 256 pixels


def kind_of(path: Path) -> FileKind:
    """What a file is to be, by its ending.

    Raises
    ------
    InvalidRequest
        For an ending that is neither ``.png`` nor ``.dcm``.

    Examples
    --------
    >>> kind_of(Path("film.DCM"))
    'dcm'
    """
    ending = path.suffix.lower()
    if ending == ".png":
        return "png"
    if ending == ".dcm":
        return "dcm"
    raise InvalidRequest(name="out", reason="png_or_dcm")


def marked(picture: NDArray[np.float32], *, burn_in: bool) -> NDArray[np.uint8]:
    """The picture (H, W) in 0..1 as bytes, with the watermark over everything, the letters too."""
    if burn_in:
        picture = _written(picture)
    return np.round(255 * add_watermark(picture)).astype(np.uint8)


def _written(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """White letters with a black edge at the bottom."""
    height, width = picture.shape
    canvas = Image.fromarray(np.round(255 * picture).astype(np.uint8))
    font = ImageFont.truetype(FONT, max(8, round(_LETTERS * width / 256)))
    ImageDraw.Draw(canvas).text(
        (width / 2, height - 4), SYNTHETIC, 255, font, anchor="md", stroke_width=1, stroke_fill=0
    )
    written: NDArray[np.float32] = np.asarray(canvas, dtype=np.float32) / np.float32(255)
    return written


def file_bytes(pixels: NDArray[np.uint8], made: Provenance, kind: str, *, burned_in: bool) -> bytes:
    """The picture as a PNG or DICOM file; the same picture of the same making has the same identifiers."""
    if kind == "png":
        return png_bytes(Image.fromarray(pixels), made)
    return dicom_bytes(pixels, made, _identity(made, pixels), burned_in=burned_in)


def _identity(made: Provenance, pixels: NDArray[np.uint8]) -> str:
    return hashlib.sha256(made.model_dump_json().encode() + pixels.tobytes()).hexdigest()[:16]
