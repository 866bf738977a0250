"""One path from any file to a :class:`Film`."""

from __future__ import annotations

import hashlib
from pathlib import Path

from prosvet.core.settings import Settings
from prosvet.imaging.film import Film
from prosvet.imaging.limits import check_bytes, read_bytes
from prosvet.imaging.sniff import sniff

__all__ = ["load_bytes", "load_film"]


def load_film(path: Path, settings: Settings) -> Film:
    """Read one DICOM, PNG, JPEG or TIFF file; the format is told by content.

    Raises
    ------
    NotFound
        When there is no such file.
    ImageError
        Any other reason why it is not one grey image: see :mod:`prosvet.core.errors`.
    """
    return load_bytes(read_bytes(path, settings), path.name, settings)


def load_bytes(data: bytes, name: str, settings: Settings, *, windowed: bool = True) -> Film:
    """Read a file's bytes; `name` is what errors and the film call it.

    Parameters
    ----------
    windowed : bool
        Show a DICOM file as its own window has it, as the networks are used to. Without, its whole range of grey.

    Raises
    ------
    ImageError
        When the bytes are not one grey image within the settings' limits.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from prosvet.core.settings import load_settings
    >>> stream = io.BytesIO()
    >>> Image.linear_gradient("L").save(stream, "PNG")
    >>> load_bytes(stream.getvalue(), "ramp.png", load_settings({})).shape
    (256, 256)
    """
    check_bytes(len(data), name, settings)
    kind = sniff(data, name)
    if kind == "dicom":
        from prosvet.imaging.dicom import decode_dicom  # pydicom takes a quarter of a second to import

        picture = decode_dicom(data, name, settings, windowed=windowed)
    else:
        from prosvet.imaging.raster import decode_raster

        picture = decode_raster(data, kind, name, settings)
    return Film(picture.pixels, name, hashlib.sha256(data).hexdigest(), kind, picture.spacing, picture.header,
                picture.steps)  # fmt: skip
