"""DICOM: from bytes to one grey picture with bone bright, whatever the transfer syntax."""

from __future__ import annotations

import logging
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import get_expected_length

from prosvet.core.errors import TruncatedFile, UnsupportedFile
from prosvet.core.settings import Settings
from prosvet.imaging.codestream import FrameSize, frame_size, is_whole
from prosvet.imaging.dicom_file import PixelElement, inflated, read_header, read_pixels
from prosvet.imaging.dicom_header import Description, describe
from prosvet.imaging.limits import check_pixels, check_side
from prosvet.imaging.lossless import decode_12_bit, decode_lossless
from prosvet.imaging.luts import apply_window, flip, look_up, shows_something
from prosvet.imaging.picture import Picture, finite, to_grey

__all__ = ["decode_dicom"]

log = logging.getLogger(__name__)

# What pydicom and the decoders behind it raise on damaged headers and pixels: RuntimeError (all decoders failed),
# ValueError, TypeError and AttributeError (elements that are wrong or missing), NotImplementedError (a syntax or
# depth without a decoder), LookupError (character sets, tags), ArithmeticError (decimal strings), struct.error and
# EOFError (short reads), RecursionError (sequences nested without end), AssertionError (values of wrong lengths),
# OSError (Pillow).
_PYDICOM_ERRORS = (InvalidDicomError, BytesLengthException, RuntimeError, ValueError, TypeError, AttributeError,
                   NotImplementedError, LookupError, ArithmeticError, struct.error, EOFError, RecursionError,
                   AssertionError, OSError)  # fmt: skip

# One decoder of pydicom's for each compressed syntax: the quickest that survives damaged data. GDCM does not: on some
# damaged frames it ends the whole process, so it is asked for JPEG lossless alone, at arm's length (lossless.py); nor
# does pylibjpeg's decoder of RLE, which panics past every handler of exceptions.
_DECODERS = {
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: "pillow",
    uid.JPEGLossless: "",
    uid.JPEGLosslessSV1: "",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEGLSNearLossless: "pyjpegls",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "pylibjpeg",
    uid.HTJ2KLosslessRPCL: "pylibjpeg",
    uid.HTJ2K: "pylibjpeg",
    uid.RLELossless: "pydicom",
}
_LOSSLESS = (uid.JPEGLossless, uid.JPEGLosslessSV1)
_NATIVE = uid.ExplicitVRLittleEndian
_TWELVE_BIT = (uid.JPEGExtended12Bit, 12, 1)  # syntax, bits, samples
_MOST_BITS = 32
_RLE_MOST = 64  # a two-byte run of RLE gives at most 128 bytes
_MONOCHROME = ("MONOCHROME1", "MONOCHROME2", "")


def decode_dicom(data: bytes, name: str, settings: Settings, *, windowed: bool = True) -> Picture:
    """Decode a DICOM file with one frame; its own window (VOI) is applied when `windowed`.

    Raises
    ------
    TruncatedFile, UnsupportedFile, DecompressionBomb, OversizedFile, TooSmall, ColourPhotograph
    """
    try:
        data = inflated(data, name, settings)
        header, start = read_header(data)
        stored = read_pixels(data, start, header, name)
        about = describe(header, name)
        _check(about, len(stored.value), name, settings)
        pixels = _decode(header, about, stored, name)
    except _PYDICOM_ERRORS as error:
        log.debug("decoding of a DICOM file failed", exc_info=True)
        raise UnsupportedFile(name=name, reason="image_damaged") from error
    grey, steps = _to_film(pixels, about, name, windowed=windowed)
    return Picture(grey, steps, about.spacing, header)


def _check(about: Description, encoded: int, name: str, settings: Settings) -> None:
    if about.frames > 1:
        raise UnsupportedFile(name=name, reason="image_several_frames")
    check_pixels(about.columns, about.rows, encoded, name, settings)
    check_side(about.columns, about.rows, name)


def _decode(header: FileDataset, about: Description, stored: PixelElement, name: str) -> NDArray[Any]:
    """Stored values (H, W), or RGB (H, W, 3)."""
    value, vr, encapsulated = stored.value, stored.vr, stored.encapsulated
    syntax = header.file_meta.get("TransferSyntaxUID") or _guessed_syntax(header, encapsulated=encapsulated)
    module = header.group_dataset(0x0028)
    module.set_original_encoding(*header.original_encoding)
    if encapsulated:
        size = _check_frame(syntax, value, about, name)
        if size is not None and (syntax in _LOSSLESS or (syntax, size.bits, size.samples) == _TWELVE_BIT):
            value, syntax, encapsulated = _natively(value, size, about, syntax, module, name), _NATIVE, False
    module.file_meta = FileMetaDataset()
    module.file_meta.TransferSyntaxUID = syntax
    element = encapsulate([value], has_bot=False) if encapsulated else value
    module[stored.tag] = DataElement(stored.tag, vr, element, is_undefined_length=encapsulated)
    if not encapsulated and len(value) < get_expected_length(module):
        raise TruncatedFile(name=name)
    decoder = get_decoder(syntax)
    pixels, _ = decoder.as_array(module, raw=False, decoding_plugin=_DECODERS.get(syntax, ""))
    return apply_color_lut(pixels, module) if about.photometric == "PALETTE COLOR" else pixels


def _natively(value: bytes, size: FrameSize, about: Description, syntax: uid.UID, module: Dataset, name: str) -> bytes:
    """Decode one of the frames that pydicom's decoders do not take; `module` then describes plain samples."""
    if syntax == uid.JPEGExtended12Bit:
        plain = decode_12_bit(value, size)
    else:
        signed = module.get("PixelRepresentation") == 1
        plain = decode_lossless(value, size, syntax, stored=about.bits_stored, signed=signed, name=name)
    module.BitsAllocated = 8 if size.bits <= 8 else 16
    module.BitsStored = min(about.bits_stored, module.BitsAllocated)
    if about.samples > 1:
        module.PlanarConfiguration = 0
    return plain


def _guessed_syntax(header: FileDataset, *, encapsulated: bool) -> uid.UID:
    """The syntax of a dataset that came without file meta information, from how it was read."""
    if encapsulated:
        raise ValueError("compressed pixels without a transfer syntax")
    implicit, little = header.original_encoding
    if implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if little else uid.ExplicitVRBigEndian


def _check_frame(syntax: uid.UID, frame: bytes, about: Description, name: str) -> FrameSize | None:
    """The size inside a compressed frame (None for RLE, which has none); refuse what no decoder should be let at."""
    if syntax not in _DECODERS:
        raise UnsupportedFile(name=name, reason="image_compression")
    if syntax == uid.RLELossless:
        if about.rows * about.columns * about.samples > len(frame) * _RLE_MOST:
            raise TruncatedFile(name=name)
        return None
    size = frame_size(frame)
    if not is_whole(frame):
        raise TruncatedFile(name=name)
    claimed = about.columns, about.rows, about.samples
    if size is None or (size.columns, size.rows, size.samples) != claimed or size.bits > _MOST_BITS:
        raise UnsupportedFile(name=name, reason="image_header")
    return size


def _to_film(
    pixels: NDArray[Any], about: Description, name: str, *, windowed: bool
) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    """Stored values to grey for viewing: modality, VOI, negative, padding, in the standard's order."""
    if pixels.ndim == 3:
        # A palette of 16-bit entries may use only the high or only the low bytes: its own maximum is its white.
        white = (1 << about.bits_stored) - 1 if about.samples > 1 else max(int(pixels.max()), 1)
        return to_grey(pixels[..., :3], white, name), ("colour_to_grey",)
    if about.photometric not in _MONOCHROME:
        raise UnsupportedFile(name=name, reason="image_header")
    steps: list[str] = []
    outside = _padded(pixels, about.padding)
    grey = _modality(pixels, about, steps, name)
    if windowed:
        grey = _window(grey, about, steps)
    if about.photometric == "MONOCHROME1":
        grey = flip(grey)
        steps.append("monochrome1")
    if outside is not None:
        grey[outside] = grey[~outside].min()
        steps.append("pixel_padding")
    return grey, tuple(steps)


def _padded(pixels: NDArray[Any], padding: tuple[int, int] | None) -> NDArray[np.bool_] | None:
    """Where the stored value stands for no picture; None when nowhere, or everywhere (then it is no padding)."""
    if padding is None:
        return None
    low, high = padding
    if pixels.dtype.kind == "i" and low >= 1 << (8 * pixels.dtype.itemsize - 1):
        low, high = (edge - (1 << (8 * pixels.dtype.itemsize)) for edge in padding)  # unsigned by mistake
    outside: NDArray[np.bool_] = pixels == low if low == high else (pixels >= low) & (pixels <= high)
    return outside if outside.any() and not outside.all() else None


def _modality(pixels: NDArray[Any], about: Description, steps: list[str], name: str) -> NDArray[np.float32]:
    if pixels.dtype.kind == "f":
        grey = finite(pixels, name)
    elif about.modality_table is not None:
        steps.append("modality_lut")
        return look_up(pixels, about.modality_table)
    else:
        grey = pixels.astype(np.float32)
    if about.rescale is not None:
        slope, intercept = about.rescale
        grey *= np.float32(slope)
        grey += np.float32(intercept)
        steps.append("rescale")
    return grey


def _window(grey: NDArray[np.float32], about: Description, steps: list[str]) -> NDArray[np.float32]:
    if about.voi_table is not None:
        steps.append("voi_lut")
        return look_up(grey, about.voi_table)
    if about.window is None:
        return grey
    if about.window.valid:
        shown = apply_window(grey, about.window, float((1 << min(about.bits_stored, 16)) - 1))
        if shows_something(shown):
            steps.append("voi_window")
            return shown
    steps.append("voi_window_ignored")  # a window that hides the picture is a mistake of its writer
    return grey
