"""What is refused before memory is taken: files too long, pictures too large, too empty or too small."""

from __future__ import annotations

import stat
from pathlib import Path

from prosvet.core.errors import DecompressionBomb, NotAnImage, NotFound, OversizedFile, TooSmall, UnsupportedFile
from prosvet.core.settings import Settings

__all__ = ["LEAST_SIDE", "check_bytes", "check_pixels", "check_side", "read_bytes"]

LEAST_SIDE = 64  # pixels: below it no lung can be judged

# A blank picture deflates a thousandfold; a radiograph never does. Small blanks are harmless and let through.
_MOST_PIXELS_PER_BYTE = 300
_HARMLESS_PIXELS = 25_000_000


def read_bytes(path: Path, settings: Settings) -> bytes:
    """The file's bytes, once it is known to be a regular file of an acceptable length.

    Raises
    ------
    NotFound
        When there is no such file.
    NotAnImage
        When it is a folder, a device or a pipe.
    OversizedFile
        When it is longer than ``settings.max_bytes``.
    UnsupportedFile
        When the system does not let it be read.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise NotAnImage(name=path.name)
        check_bytes(found.st_size, path.name, settings)
        with path.open("rb") as stream:
            data = stream.read(settings.max_bytes + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(kind="file", name=path.name) from None
    except OSError as error:
        raise UnsupportedFile(name=path.name, reason="image_unreadable") from error
    check_bytes(len(data), path.name, settings)  # it may have grown since
    return data


def check_bytes(count: int, name: str, settings: Settings) -> None:
    """Raise :class:`OversizedFile` for more than ``settings.max_bytes``."""
    if count > settings.max_bytes:
        raise OversizedFile(name=name, size=count, limit=settings.max_bytes)


def check_pixels(width: int, height: int, encoded: int, name: str, settings: Settings) -> None:
    """Refuse a picture that would take absurd memory.

    Parameters
    ----------
    width, height : int
        As the header claims.
    encoded : int
        Bytes that are there to decode.

    Raises
    ------
    DecompressionBomb
        When the picture is larger than ``settings.max_pixels``, or large and next to nothing in the file.
    """
    pixels = width * height
    if pixels > settings.max_pixels:
        raise DecompressionBomb(name=name, pixels=pixels, limit=settings.max_pixels)
    most = max(_HARMLESS_PIXELS, encoded * _MOST_PIXELS_PER_BYTE)
    if pixels > most:
        raise DecompressionBomb(name=name, pixels=pixels, limit=most)


def check_side(width: int, height: int, name: str) -> None:
    """Raise :class:`TooSmall` when a side is under ``LEAST_SIDE`` pixels."""
    if min(width, height) < LEAST_SIDE:
        raise TooSmall(name=name, width=width, height=height, least=LEAST_SIDE)
