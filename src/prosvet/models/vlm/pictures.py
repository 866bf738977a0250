"""From the pictures of a question to what models take: RGB, of a sensible size."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from prosvet.core.errors import VlmError
from prosvet.models.vlm.card import ImagePolicy
from prosvet.models.vlm.types import Picture

__all__ = ["as_rgb", "data_url", "png_bytes", "prepared"]

_DARK, _BRIGHT = 0.5, 99.5  # percentiles: a burnt-in letter or a dead pixel must not set the scale


def as_rgb(picture: Picture) -> Image.Image:
    """The picture as 8-bit RGB; a grey film is stretched between its percentiles, bone bright."""
    pixels = picture.pixels
    if isinstance(pixels, Image.Image):
        return pixels.convert("RGB")
    if pixels.dtype == np.uint8:
        return Image.fromarray(pixels).convert("RGB")
    low, high = np.percentile(pixels, (_DARK, _BRIGHT))
    if high <= low:
        low, high = float(pixels.min()), float(pixels.max())
    scaled = (pixels.astype(np.float32) - low) / max(high - low, 1e-6)
    return Image.fromarray((scaled.clip(0, 1) * 255).round().astype(np.uint8)).convert("RGB")


def prepared(pictures: Sequence[Picture], policy: ImagePolicy, name: str) -> list[Image.Image]:
    """All pictures of a question by the model's policy: counted, measured, made smaller where they are larger.

    Raises
    ------
    VlmError
        When there are more than the model takes, or one is too small to show anything.
    """
    if len(pictures) > policy.most:
        raise VlmError(name=name, reason="too_many_pictures", count=len(pictures), most=policy.most)
    return [_sized(as_rgb(picture), policy, name) for picture in pictures]


def _sized(image: Image.Image, policy: ImagePolicy, name: str) -> Image.Image:
    if min(image.size) < policy.shortest_edge:
        width, height = image.size
        raise VlmError(name=name, reason="picture_too_small", width=width, height=height, least=policy.shortest_edge)
    if max(image.size) <= policy.longest_edge:
        return image
    scale = policy.longest_edge / max(image.size)
    width, height = (max(policy.shortest_edge, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)


def png_bytes(image: Image.Image) -> bytes:
    """The picture as a PNG file, without a word of where it came from."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def data_url(image: Image.Image) -> str:
    """The picture as a ``data:`` address."""
    return f"data:image/png;base64,{base64.b64encode(png_bytes(image)).decode()}"
