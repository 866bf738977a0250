"""A small picture of a film: quick to send, never to diagnose from."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from prosvet.imaging.film import Film
from prosvet.imaging.whole_range import film_windows

__all__ = ["FORMAT", "SIDES", "thumbnail"]

SIDES = (128, 256, 512)
"""Longer sides that are made and kept, pixels."""
FORMAT = "webp"
_QUALITY = 80


def thumbnail(film: Film, side: int) -> bytes:
    """A film in its default window: WebP, 8 bits, the longer side `side` pixels at most.

    The film is one that was read over its whole range. Pixels that are not square are made so, as in the viewer.
    """
    rows, columns = film.shape
    tall = rows * (film.spacing[0] / film.spacing[1] if film.spacing else 1.0)
    scale = min(1.0, side / max(tall, columns))
    size = max(1, round(columns * scale)), max(1, round(tall * scale))
    window = film_windows(film)["default"]
    small = Image.fromarray(film.pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    share = (np.asarray(small) - np.float32(window.low)) / np.float32(max(window.high - window.low, 1e-6))
    picture = Image.fromarray((np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8))
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=_QUALITY, method=2)
    return stream.getvalue()
