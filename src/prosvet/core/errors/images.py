"""Errors of a film: a file that is none, or a picture that is no frontal chest X-ray."""

from __future__ import annotations

from prosvet.core.errors.base import ProsvetError

__all__ = [
    "BadZip",
    "ColourPhotograph",
    "DecompressionBomb",
    "ImageError",
    "NotAnImage",
    "NotChestXray",
    "NotFrontal",
    "OversizedFile",
    "TooSmall",
    "TruncatedFile",
    "UnsupportedFile",
]


class ImageError(ProsvetError):
    """A file that cannot be read as a chest X-ray."""

    http_status = 422
    exit_code = 2


class NotAnImage(ImageError):
    """Details: name."""

    code = "not_an_image"


class TruncatedFile(ImageError):
    """Details: name."""

    code = "truncated_file"


class UnsupportedFile(ImageError):
    """Details: name, reason."""

    code = "unsupported_file"


class DecompressionBomb(ImageError):
    """Details: name, pixels, limit."""

    code = "decompression_bomb"


class OversizedFile(DecompressionBomb):
    """More bytes than are accepted, as they lie or inflated. Details: name, size, limit (bytes)."""

    code = "oversized_file"


class BadZip(ImageError):
    """A ZIP archive that is not opened. Details: name, reason (under ``zip_reasons``), and what it names."""

    code = "bad_zip"
    reasons = "zip_reasons"


class TooSmall(ImageError):
    """Details: name, width, height, least."""

    code = "too_small"


class ColourPhotograph(ImageError):
    """Details: name."""

    code = "colour_photograph"


class NotChestXray(ImageError):
    """Details: name, probability (0..1 that it is a chest X-ray)."""

    code = "not_chest_xray"


class NotFrontal(ImageError):
    """Details: name, probability (0..1 that it is a lateral view)."""

    code = "not_frontal"
