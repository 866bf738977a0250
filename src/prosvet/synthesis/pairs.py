"""What differs between two pictures: where the change lies in the chest, and a picture of all three side by side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from prosvet.core.types import Frozen
from prosvet.synthesis.inferno import inferno
from prosvet.synthesis.marked import FONT
from prosvet.synthesis.zones import REGIONS, Mask, Region, region_mask

__all__ = ["Energy", "energy", "side_by_side"]

Picture = NDArray[np.float32]

_SMOOTH = 1.5  # pixels of 256: grain and the watermark are no change of anatomy
_EDGE = 4  # pixels of 256 around a named part that still count as inside: a denser lung moves its own edge
_ENOUGH = 0.6  # of the energy inside the parts asked for: the change is where the prompt said

_GAP, _TOP, _BOTTOM, _BAR = 12, 26, 30, 14  # pixels, at twice the pictures' size
_LETTERS = 15
_SIDE = 512  # pixels of each of the three pictures


class Energy(Frozen):
    """Shares of the squared difference of two pictures.

    Attributes
    ----------
    total : float
        Root of the mean squared difference, of full scale.
    shares : dict of region to float
        Inside each part that was found, 0..1; parts overlap (a lung and its thirds).
    area : dict of region to float
        The part's own share of the picture: a change without a place has this share of the energy.
    lungs, heart, outside : float or None
        Outside is neither lungs nor heart. None where the parts were not found.
    asked : tuple of str
        Where the prompt says that the change should be; empty where it names no place.
    inside : float or None
        Share of the energy inside `asked`.
    where_said : bool or None
        `inside` is 0.6 or more; None where nothing was asked or found.
    """

    total: float
    shares: dict[str, float]
    area: dict[str, float]
    lungs: float | None
    heart: float | None
    outside: float | None
    asked: tuple[Region, ...]
    inside: float | None
    where_said: bool | None


def energy(normal: Picture, other: Picture, masks: dict[str, Mask], asked: tuple[Region, ...]) -> Energy:
    """Where `other` differs from `normal`, both (H, W) in 0..1; `masks` are the parts found on either."""
    squared = difference(normal, other) ** 2
    whole = float(squared.sum())
    parts = {region: _grown(region_mask(masks, region)) for region in REGIONS if _found(region, masks)}

    def share(mask: Mask) -> float:
        return round(float(squared[mask].sum()) / whole, 4) if whole > 0 else 0.0

    shares = {str(region): share(mask) for region, mask in parts.items()}
    complete = {"lungs", "heart"} <= set(parts)
    there = set(asked) <= set(parts) and bool(asked) and whole > 0
    inside = share(np.logical_or.reduce([parts[region] for region in asked])) if there else None
    return Energy(
        total=round(float(np.sqrt(squared.mean())), 4),
        shares=shares,
        area={str(region): round(float(mask.mean()), 4) for region, mask in parts.items()},
        lungs=shares.get("lungs"),
        heart=shares.get("heart"),
        outside=share(~(parts["lungs"] | parts["heart"])) if complete else None,
        asked=asked,
        inside=inside,
        where_said=None if inside is None else inside >= _ENOUGH,
    )


def difference(normal: Picture, other: Picture) -> Picture:
    """The absolute difference, smoothed."""
    smooth: Picture = np.abs(ndimage.gaussian_filter(other - normal, _SMOOTH * normal.shape[0] / 256)).astype(
        np.float32
    )
    return smooth


def _found(region: Region, masks: dict[str, Mask]) -> bool:
    if region == "lungs":
        return {"right_lung", "left_lung"} <= set(masks)
    return ("heart" if region == "heart" else f"{region.partition('_')[0]}_lung") in masks


def _grown(mask: Mask) -> Mask:
    grown: Mask = ndimage.binary_dilation(mask, iterations=max(1, round(_EDGE * mask.shape[0] / 256)))
    return grown


def side_by_side(
    normal: NDArray[np.uint8], other: NDArray[np.uint8], masks: dict[str, Mask], asked: tuple[Region, ...],
    titles: tuple[str, str, str],
) -> Image.Image:  # fmt: skip
    """Normal, finding, and the difference as heat (inferno) with its scale and the outline of what was asked for."""
    heat = difference(normal.astype(np.float32) / np.float32(255), other.astype(np.float32) / np.float32(255))
    top = max(float(heat.max()), 1e-6)
    side = _SIDE
    canvas = Image.new("RGB", (3 * side + 4 * _GAP, _TOP + side + _BOTTOM + 2 * _GAP), (16, 19, 24))
    pen, font = ImageDraw.Draw(canvas), ImageFont.truetype(FONT, _LETTERS)
    coloured = np.asarray(Image.fromarray(inferno(heat / top)).resize((side, side), Image.Resampling.BICUBIC)).copy()
    for region in asked:
        if _found(region, masks):
            coloured[_outline(region_mask(masks, region))] = (120, 220, 255)
    films = [Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC) for one in (normal, other)]
    for number, (picture, title) in enumerate(zip([*films, Image.fromarray(coloured)], titles, strict=True)):
        left = _GAP + number * (side + _GAP)
        pen.text((left, _GAP / 2), _fitting(title, side, font), (232, 236, 241), font)
        canvas.paste(picture.convert("RGB"), (left, _TOP))
    _scale(canvas, pen, font, 3 * _GAP + 2 * side, side, top)
    return canvas


def _outline(mask: Mask) -> Mask:
    rows, columns = (np.arange(_SIDE) * n // _SIDE for n in mask.shape)
    large = mask[np.ix_(rows, columns)]
    edge: Mask = large & ~ndimage.binary_erosion(large)
    return edge


def _fitting(title: str, side: int, font: ImageFont.FreeTypeFont) -> str:
    while len(title) > 1 and font.getlength(title) > side:
        title = title[:-2].rstrip() + "…"
    return title


def _scale(
    canvas: Image.Image, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, left: int, side: int, top: float
) -> None:  # fmt: skip
    """The bar of colours under the map, from no difference to the greatest, in grey levels of 255."""
    upper = _TOP + side + _GAP // 2
    wide = side - 130
    bar = np.repeat(inferno(np.linspace(0, 1, wide))[None], _BAR, axis=0)
    canvas.paste(Image.fromarray(bar), (left + 24, upper))
    pen.text((left, upper + _BAR / 2), "0", (200, 206, 214), font, anchor="lm")
    pen.text((left + 32 + wide, upper + _BAR / 2), f"{255 * top:.0f} / 255", (200, 206, 214), font, anchor="lm")
