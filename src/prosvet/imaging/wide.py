"""16-bit colour and alpha, exactly. Pillow has no such mode and would keep only the high byte of each sample.

Its decoder undoes the file's compression at full width and drops a byte only when it unpacks the samples; told
to unpack with the byte order swapped, it drops the other one. So two passes give both bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from prosvet.core.errors import UnsupportedFile

__all__ = ["is_wide", "wide_channels"]

_GREY_ALPHA = "LA;16B"  # PNG: unpacked as RGBA, its four bytes are grey (high, low) and alpha (high, low)
_LOW_BYTE = {";16B": ";16L", ";16L": ";16B", ";16N": ";16B"}  # native is little-endian on every machine we run on
_SEPARATE_PLANES = 2  # TIFF planar configuration


def is_wide(image: ImageFile.ImageFile) -> bool:
    """Would Pillow narrow this (not yet loaded) image's samples from 16 bits to 8?"""
    return image.mode in ("RGB", "RGBA", "CMYK") and (
        _rawmode(image)[-4:] in _LOW_BYTE or getattr(image, "tag_v2", {}).get(258, ())[:1] == (16,)
    )


def wide_channels(image: ImageFile.ImageFile, again: ImageFile.ImageFile, name: str) -> NDArray[np.uint16]:
    """All samples of a 16-bit colour image, (H, W, C) with C = 2 (grey, alpha), 3 or 4.

    Parameters
    ----------
    image, again : ImageFile
        The same file opened twice, neither loaded.

    Raises
    ------
    UnsupportedFile
        For CMYK and for planes kept apart, which no radiograph uses.
    """
    planar = getattr(image, "_planar_configuration", 1)
    rawmode = _rawmode(image)
    if image.mode == "CMYK" or planar == _SEPARATE_PLANES or (rawmode[-4:] not in _LOW_BYTE):
        raise UnsupportedFile(name=name, reason="image_layout")
    if rawmode == _GREY_ALPHA:
        _unpack_as(image, "RGBA")
        quads = np.asarray(image)
        return _joined(quads[..., 0::2], quads[..., 1::2])
    _unpack_as(again, rawmode[:-4] + _LOW_BYTE[rawmode[-4:]])
    return _joined(np.asarray(image), np.asarray(again))


def _joined(high: NDArray[np.integer], low: NDArray[np.integer]) -> NDArray[np.uint16]:
    both: NDArray[np.uint16] = high.astype(np.uint16) * np.uint16(256) + low.astype(np.uint16)
    return both


def _rawmode(image: ImageFile.ImageFile) -> str:
    args: Any = image.tile[0].args if image.tile else ""
    return str(args[0] if isinstance(args, tuple) else args)


def _unpack_as(image: ImageFile.ImageFile, rawmode: str) -> None:
    changed = []
    for tile in image.tile:
        args = (rawmode, *tile.args[1:]) if isinstance(tile.args, tuple) else rawmode
        changed.append(tile._replace(args=args))
    image.tile = changed
