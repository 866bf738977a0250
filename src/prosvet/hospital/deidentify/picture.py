"""PNG and JPEG without people: notes go, text is masked; a picture without text keeps its coded pixels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from prosvet.archive.strip import strip_notes
from prosvet.core.errors import DeidentifyError
from prosvet.hospital.deidentify.film import Masked, mask_frames
from prosvet.hospital.deidentify.options import Options

__all__ = ["clean_picture", "grey_picture", "picture_pixels"]


def picture_pixels(data: bytes, most: int) -> NDArray[Any]:
    """Grey (H, W) of 8 or 16 bits or colour (H, W, 3) of 8 bits, turned as it is to be shown.

    Raises
    ------
    DeidentifyError
        Reason ``pixels`` or ``size``.
    """
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > most or getattr(opened, "n_frames", 1) > 1:
                raise DeidentifyError(reason="size", name="")
            turned = ImageOps.exif_transpose(opened)
            if turned.mode.startswith("I") or turned.mode == "F":
                return np.asarray(turned).astype(np.uint16)
            return np.asarray(turned.convert("L" if turned.mode in ("1", "L", "LA") else "RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DeidentifyError(reason="pixels", name="") from error


def clean_picture(data: bytes, kind: str, options: Options, most: int) -> tuple[bytes, str, Masked]:
    """The file without its notes and its text, the suffix of its name, and what was masked.

    A picture in which something was masked is written as PNG, whatever it was.

    Raises
    ------
    DeidentifyError
    """
    pixels = np.array(picture_pixels(data, most))
    done = Masked()
    if options.pixels:
        done = mask_frames(pixels[None], options, lambda frames: [grey_picture(frames[0])], 0)
    if not done.boxes:
        return strip_notes(data, kind, pixels), ".png" if kind == "png" else ".jpg", done
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue(), ".png", done


def grey_picture(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """A picture as the engines see it."""
    plain = pixels.max(axis=-1) if pixels.ndim == 3 else pixels
    if plain.dtype == np.uint8:
        return np.asarray(plain)
    low, high = np.percentile(plain, (0.1, 99.9))
    if high <= low:
        low, high = float(plain.min()), float(max(plain.max(), plain.min() + 1))
    shown = np.clip((plain.astype(np.float32) - low) / (high - low), 0, 1) * 255
    return np.asarray(shown.astype(np.uint8))
