"""Pixels of a DICOM object: decoded, text masked in black at their full depth, written without loss."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from prosvet.core.errors import DeidentifyError
from prosvet.hospital.deidentify.boxes import Box, joined, mask_of, widened
from prosvet.hospital.deidentify.ocr import find_text, is_marker
from prosvet.hospital.deidentify.options import Options

__all__ = ["Masked", "black_of", "decoded", "grey_frames", "has_text", "mask_frames", "write_pixels"]

log = logging.getLogger(__name__)

Pixels = NDArray[Any]
_ROUNDS = 3
_INVERTED = "MONOCHROME1"


@dataclass
class Masked:
    """What was masked: boxes of all frames, side letters left, and the masked part of the picture, 0..1."""

    boxes: list[Box] = field(default_factory=list)
    markers: int = 0
    area: float = 0.0


def decoded(source: Dataset, most: int) -> Pixels:
    """The pixels as they are stored; shape (frames, H, W) or (frames, H, W, 3).

    Colour that is coded as brightness and difference comes as RGB. Bits above those stored (an overlay of old) are
    cleared.

    Raises
    ------
    DeidentifyError
        Reason ``pixels`` for what cannot be decoded, ``size`` for more than `most` pixels.
    """
    try:
        rows, columns = int(source.Rows), int(source.Columns)
        frames = int(source.get("NumberOfFrames", 1) or 1)
        depth, stored = int(source.BitsAllocated), int(source.BitsStored)
        if rows * columns * frames > most:
            raise DeidentifyError(reason="size", name="")
        if depth not in (8, 16):
            raise DeidentifyError(reason="pixels", name="")
        pixels = pixel_array(source)
    except (
        AttributeError,
        ValueError,
        TypeError,
        KeyError,
        RuntimeError,
        NotImplementedError,
        EOFError,
        OSError,
    ) as error:
        raise DeidentifyError(reason="pixels", name="") from error
    pixels = pixels[None] if frames == 1 else pixels
    if pixels.shape[1:3] != (rows, columns) or not 0 < stored <= depth:
        raise DeidentifyError(reason="pixels", name="")
    return _low_bits(np.ascontiguousarray(pixels), depth, stored)


def _low_bits(pixels: Pixels, depth: int, stored: int) -> Pixels:
    if stored == depth:
        return pixels
    if pixels.dtype.kind == "u":
        return np.asarray(pixels & pixels.dtype.type((1 << stored) - 1))
    return np.asarray((pixels << (depth - stored)) >> (depth - stored))


def grey_frames(pixels: Pixels, source: Dataset) -> list[NDArray[np.uint8]]:
    """Each frame as the eye sees it, for the engines: bright is white, the whole range but its last thousandths."""
    shown = pixels
    if source.get("PhotometricInterpretation") == "PALETTE COLOR":
        shown = apply_color_lut(pixels, source)
    made: list[NDArray[np.uint8]] = []
    for frame in shown:
        plain = frame.astype(np.float32)
        plain = plain if plain.ndim == 2 else plain.max(axis=-1)  # coloured letters are letters, too
        low, high = np.percentile(plain, (0.1, 99.9))
        if high <= low:
            low, high = float(plain.min()), float(plain.max())
        grey = np.clip((plain - low) / max(float(high - low), 1e-6), 0, 1) * 255
        made.append((255 - grey if source.get("PhotometricInterpretation") == _INVERTED else grey).astype(np.uint8))
    return made


def mask_frames(
    pixels: Pixels, options: Options, see: Callable[[Pixels], list[NDArray[np.uint8]]], black: Any
) -> Masked:  # fmt: skip
    """Mask text in `pixels`, in place, and look again until nothing more is read.

    Parameters
    ----------
    see : callable
        Makes the grey frames of pixels.
    black : number
        What masked pixels become.

    Raises
    ------
    DeidentifyError
        Reason ``left`` when there is still text after three rounds, ``masked_area`` when too much would go.
    """
    done, masks = Masked(), np.zeros(pixels.shape[:3], dtype=bool)
    for number in range(_ROUNDS + 1):
        found = _look(see(pixels), options, done, masks)
        if not found:
            done.area = float(masks.mean())
            return done
        if number == _ROUNDS:
            break
        for frame, boxes in found.items():
            masks[frame] |= mask_of(boxes, pixels.shape[1:3])
            pixels[frame][masks[frame]] = black
            done.boxes += boxes
        if masks.mean() > options.most_masked:
            raise DeidentifyError(reason="masked_area", name="")
    raise DeidentifyError(reason="left", name="")


def has_text(frames: list[NDArray[np.uint8]], options: Options) -> bool:
    """Whether an engine reads something in the frames, side letters that may stay aside."""
    nothing = np.zeros((len(frames), *frames[0].shape), dtype=bool)
    return bool(_look(frames, options, Masked(), nothing))


def _look(
    frames: list[NDArray[np.uint8]], options: Options, done: Masked, masks: NDArray[np.bool_]
) -> dict[int, list[Box]]:  # fmt: skip
    """Boxes to mask, by frame: text that is not masked yet and no side letter that may stay."""
    found: dict[int, list[Box]] = {}
    done.markers = 0
    for number, grey in enumerate(frames):
        height, width = grey.shape
        boxes = []
        for box in find_text(grey):
            if options.keep_markers and is_marker(box, width, height):
                done.markers += 1
            elif not masks[number, box.top : box.bottom, box.left : box.right].all():
                boxes.append(widened(box, options.margin, width, height))
        if boxes:
            found[number] = joined(boxes)
    return found


def black_of(pixels: Pixels, source: Dataset) -> Any:
    """The value that is shown black: the least of the picture, the greatest where bright and dark are exchanged."""
    photometric = source.get("PhotometricInterpretation")
    if photometric == "PALETTE COLOR":
        entries = np.arange(int(pixels.max()) + 1, dtype=pixels.dtype)[None]
        return int(apply_color_lut(entries, source)[0].sum(axis=-1).argmin())
    return pixels.max() if photometric == _INVERTED else pixels.dtype.type(0) if pixels.ndim == 4 else pixels.min()


def write_pixels(made: Dataset, source: Dataset, pixels: Pixels) -> None:
    """Put `pixels` into `made`: coded without loss (JPEG-LS) when `source` was coded, else as they are."""
    flat = pixels[0] if "NumberOfFrames" not in made else pixels
    made.Rows, made.Columns = pixels.shape[1:3]
    if pixels.ndim == 4:
        made.SamplesPerPixel, made.PlanarConfiguration, made.PhotometricInterpretation = 3, 0, "RGB"
    plain = np.ascontiguousarray(flat.astype(flat.dtype.newbyteorder("<"), copy=False)).tobytes()
    made.add_new("PixelData", "OB" if made.BitsAllocated == 8 else "OW", plain + b"\0" * (len(plain) % 2))
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if source.file_meta.TransferSyntaxUID.is_compressed and source.file_meta.TransferSyntaxUID.is_encapsulated:
        _code(made, plain, flat)


def _code(made: Dataset, plain: bytes, pixels: Pixels) -> None:
    try:
        made.compress(JPEGLSLossless, generate_instance_uid=False)
        same = np.array_equal(pixel_array(made, raw=True), pixels)
    except (ValueError, RuntimeError, NotImplementedError, AttributeError, TypeError) as error:
        log.info("not coded: %s", type(error).__name__)
        same = False
    if not same:
        made.add_new("PixelData", "OB" if made.BitsAllocated == 8 else "OW", plain + b"\0" * (len(plain) % 2))
        made["PixelData"].is_undefined_length = False
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
