"""Films as squares: the shorter side scaled to the square's by Lanczos, the rest cut where it matters least."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

__all__ = ["Square", "square"]


@dataclass(frozen=True)
class Square:
    """A square picture, the film's own size (height, width), and the corner (top, left) where it was cut."""

    picture: Image.Image
    original: tuple[int, int]
    corner: tuple[int, int]


def square(picture: Image.Image, size: int) -> Square:
    """A grey picture as a square of `size` pixels.

    Of a portrait one third of what is left over goes from the top and two thirds from the bottom: apices stay, the
    belly goes. Of a landscape both sides lose the same.

    Examples
    --------
    >>> made = square(Image.new("L", (200, 260)), 100)
    >>> made.picture.size, made.corner
    ((100, 100), (10, 0))
    """
    width, height = picture.size
    scale = size / min(width, height)
    wide, high = max(size, round(width * scale)), max(size, round(height * scale))
    scaled = picture.resize((wide, high), Image.Resampling.LANCZOS)
    top, left = (high - size) // 3, (wide - size) // 2
    return Square(scaled.crop((left, top, left + size, top + size)), (height, width), (top, left))
