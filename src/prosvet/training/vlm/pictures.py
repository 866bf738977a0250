"""A film of any kind as the picture that a model's processor takes: eight bits, three channels, its default window."""

from __future__ import annotations

import numpy as np
from PIL import Image

from prosvet.archive.readers.item import FileBytes
from prosvet.core.settings import Settings
from prosvet.imaging.load import load_bytes
from prosvet.imaging.whole_range import film_windows

__all__ = ["blank_like", "picture_of"]


def picture_of(file: FileBytes, longest: int, settings: Settings) -> Image.Image:
    """The film in `file`, its longer side `longest` pixels at most.

    Raises
    ------
    ImageError
        When it cannot be read as a grey film.
    """
    film = load_bytes(file.read(), file.name, settings, windowed=False)
    window = film_windows(film)["default"]
    share = (film.pixels - np.float32(window.low)) / np.float32(max(window.high - window.low, 1e-6))
    picture = Image.fromarray((np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8))
    if max(picture.size) > longest:
        picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return picture.convert("RGB")


def blank_like(picture: Image.Image) -> Image.Image:
    """A picture of that size in the middle grey: what a model says of it, it says without looking."""
    return Image.new("RGB", picture.size, (128, 128, 128))
