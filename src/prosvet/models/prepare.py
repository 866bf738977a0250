"""From a film to the squares that the networks take, all from one reduced copy and one border crop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.imaging.film import Film
from prosvet.imaging.geometry import Box, Placement, content_box, letterbox
from prosvet.imaging.intensity import normalise, standardise

__all__ = ["Prepared", "prepare"]

_WORKING_SIDE = 512  # pixels: no network takes more, and smaller copies are quicker to normalise


@dataclass(frozen=True)
class Prepared:
    """A film cut to its content and normalised, small enough to work on.

    Attributes
    ----------
    content : ndarray, shape (h, w), float32 in 0..1
    box : Box
        What part of the film `content` shows, in the film's pixels.
    """

    content: NDArray[np.float32]
    box: Box

    def square(self, size: int) -> tuple[NDArray[np.float32], Placement]:
        """A standardised square (size, size) and where it lies on the film."""
        picture, place = letterbox(self.content, size)
        scale = size / max(self.box.height, self.box.width)
        return standardise(picture), Placement(self.box, size, scale, place.pad_top, place.pad_left)


def prepare(film: Film) -> Prepared:
    """Reduce, find the content, normalise: the same steps that training films went through."""
    factor = max(1, min(film.shape) // _WORKING_SIDE)
    pixels = film.pixels
    if factor > 1:
        pixels = np.asarray(Image.fromarray(pixels).reduce(factor))
    box = content_box(pixels)
    content = normalise(np.asarray(box.cut(pixels), dtype=np.float32))
    height, width = film.shape
    whole = Box(box.top * factor, box.left * factor, min(box.bottom * factor, height), min(box.right * factor, width))
    return Prepared(content, whole)
