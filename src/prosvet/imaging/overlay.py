"""The film with what was found drawn on it: heat map, outlines of the organs, lines of the measurement.

The film itself is never covered by words: they stand in a strip below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from prosvet.core.i18n import Lang, text
from prosvet.core.types import Point
from prosvet.imaging.film import Film
from prosvet.imaging.intensity import normalise
from prosvet.imaging.strokes import Canvas, Colour, blend, outline, segment, stroke

__all__ = ["CONTOUR_COLOURS", "draw_overlay", "heat_colours"]

Line = tuple[Point, Point]

CONTOUR_COLOURS: dict[str, Colour] = {
    "right_lung": (86, 180, 233),
    "left_lung": (0, 200, 150),
    "heart": (240, 130, 190),
}
_LINE_COLOURS: dict[str, Colour] = {"heart": (240, 130, 190), "thorax": (236, 236, 236)}
_OTHER_COLOUR: Colour = (236, 236, 236)

# A ramp from dark red to pale yellow, its lightness rising evenly; read against grey it is never grey.
_HEAT = np.array(
    [(120, 12, 40), (178, 24, 38), (222, 73, 24), (246, 134, 18), (252, 192, 40), (252, 244, 150)], np.float32
)
_MIDDLE_GREY, _GAMMAS = 0.45, (0.8, 1.5)
_TONES = 1 << 14
_RIM = 1.0  # pixels of darkness on each side of a stroke
_HEAT_FROM, _HEAT_FULL = 0.15, 0.65  # heat that begins to show, and heat at full opacity

_FONT = Path(__file__).with_name("fonts") / "DejaVuSans-ru-en.ttf"
_STRIP, _WORDS, _WARNING = (17, 20, 24), (205, 211, 217), (255, 196, 87)


def draw_overlay(
    film: Film,
    *,
    heat: NDArray[np.float32] | None = None,
    contours: Mapping[str, NDArray[np.bool_]] | None = None,
    lines: Mapping[str, Line] | None = None,
    opacity: float = 0.45,
    width: int = 1024,
    lang: Lang = "ru",
) -> Image.Image:
    """Draw on a film what was found on it.

    Parameters
    ----------
    heat : ndarray, shape (h, w), values 0..1, optional
        Over the whole film, at any resolution; low values are transparent.
    contours : dict of name to ndarray of bool, shape (h, w), optional
        Masks over the whole film, at any resolution; ``right_lung``, ``left_lung`` and ``heart`` have own colours.
    lines : dict of name to ((x, y), (x, y)), optional
        In pixels of the film; with ``heart`` and ``thorax`` the legend gives the cardiothoracic ratio.
    opacity : float, 0..1
        Of the heat at its strongest.
    width : int
        Of the picture, pixels; its height follows the film (by the millimetres of its pixels, when they are known).
    lang : {"ru", "en"}
        Of the legend.

    Returns
    -------
    PIL.Image.Image
        RGB; the film at the top, exactly `width` wide, and a strip with the legend below it.
    """
    size = width, _height(film, width)
    canvas = np.repeat(_for_viewing(film, size)[..., None], 3, axis=2)
    thin = max(1.0, width / 640)
    if heat is not None:
        _draw_heat(canvas, heat, size, opacity)
    for name, mask in (contours or {}).items():
        stroke(canvas, outline(mask, size), thin, _contour_colour(name), _RIM)
    scale = size[0] / film.shape[1], size[1] / film.shape[0]
    for name, line in (lines or {}).items():
        _draw_line(canvas, line, scale, _LINE_COLOURS.get(name, _OTHER_COLOUR), thin)
    return _with_legend(Image.fromarray(canvas), _legend(contours or {}, lines or {}, lang), heat is not None, lang)


def heat_colours(heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours (..., 3), 0..255, of heat of any shape, 0..1."""
    place = np.clip(heat, 0, 1) * (len(_HEAT) - 1)
    steps = np.arange(len(_HEAT))
    return np.stack([np.interp(place, steps, channel) for channel in _HEAT.T], axis=-1).astype(np.float32)


def _height(film: Film, width: int) -> int:
    rows, columns = film.shape
    tall = film.spacing[0] / film.spacing[1] if film.spacing else 1.0
    return max(1, round(width * rows / columns * tall))


def _for_viewing(film: Film, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The film at `size`, its middle tone brought towards middle grey: some makers' films come very light."""
    picture = np.asarray(Image.fromarray(film.pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0))
    grey = normalise(picture, low=0.5, high=99.7)
    median = float(np.clip(np.median(grey[::4, ::4]), 0.02, 0.98))
    gamma = float(np.clip(np.log(_MIDDLE_GREY) / np.log(median), *_GAMMAS))
    # A table of tones instead of a power for each pixel: finer than the 256 tones that come out.
    toned = np.linspace(0, 1, _TONES) ** gamma * 255
    places = (grey * np.float32(_TONES - 1) + np.float32(0.5)).astype(np.uint16)
    return (toned + 0.5).astype(np.uint8)[places]


def _contour_colour(name: str) -> Colour:
    return CONTOUR_COLOURS.get(name, _OTHER_COLOUR)


def _draw_heat(canvas: Canvas, heat: NDArray[np.float32], size: tuple[int, int], opacity: float) -> None:
    plane = Image.fromarray(np.clip(heat, 0, 1).astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    values = np.asarray(plane).reshape(-1)
    places = np.flatnonzero(values > _HEAT_FROM)
    warm = np.clip(values[places], 0, 1)
    share = np.clip((warm - _HEAT_FROM) / (_HEAT_FULL - _HEAT_FROM), 0, 1)
    blend(canvas, places, share, heat_colours(warm), opacity)


def _draw_line(canvas: Canvas, line: Line, scale: tuple[float, float], colour: Colour, thin: float) -> None:
    """A measured line with a tick across each end."""
    size = canvas.shape[1], canvas.shape[0]
    (x0, y0), (x1, y1) = ((x * scale[0], y * scale[1]) for x, y in line)
    length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-6)
    across = -(y1 - y0) / length * 6 * thin, (x1 - x0) / length * 6 * thin
    pieces = [((x0, y0), (x1, y1))]
    pieces += [((x - across[0], y - across[1]), (x + across[0], y + across[1])) for x, y in ((x0, y0), (x1, y1))]
    stroke(canvas, reduce(np.minimum, (segment(*piece, size) for piece in pieces)), thin + 0.5, colour, _RIM)


def _legend(contours: Mapping[str, object], lines: Mapping[str, Line], lang: Lang) -> list[tuple[Colour, str]]:
    entries = [(_contour_colour(name), text(f"overlay.{name}", lang)) for name in contours if name in CONTOUR_COLOURS]
    if {"heart", "thorax"} <= set(lines):
        widths = [float(np.hypot(b[0] - a[0], b[1] - a[1])) for a, b in (lines["heart"], lines["thorax"])]
        if widths[1] > 0:
            value = f"{widths[0] / widths[1]:.2f}".replace(".", text("overlay.decimal", lang))
            entries.append((_LINE_COLOURS["thorax"], text("overlay.ratio", lang, value=value)))
    return entries


def _with_legend(picture: Image.Image, entries: list[tuple[Colour, str]], heat: bool, lang: Lang) -> Image.Image:
    """The picture over its strip: what the colours mean, in as many rows as they take, and the warning."""
    unit = max(9, round(picture.width / 64))
    font = ImageFont.truetype(_FONT, unit)
    pad, row = unit, round(unit * 1.9)
    warning = text("overlay.warning", lang)
    pieces: list[tuple[list[Colour], str]] = [([colour], words) for colour, words in entries]
    if heat:
        ramp = heat_colours(np.linspace(_HEAT_FROM, 1, 4 * unit, dtype=np.float32)[None])[0]
        pieces.append(
            ([(round(float(r)), round(float(g)), round(float(b))) for r, g, b in ramp], text("overlay.heat", lang))
        )
    places: list[tuple[int, int]] = []
    x, y, limit = pad, 0, picture.width - pad - font.getlength(warning) - 2 * pad
    for swatches, words in pieces:
        wide = round(_swatch(swatches, unit) + 0.5 * unit + font.getlength(words))
        if x > pad and x + wide > limit:
            x, y, limit = pad, y + row, picture.width - pad
        places.append((x, y))
        x += wide + 2 * unit
    strip = Image.new("RGB", (picture.width, y + row + round(0.9 * unit)), _STRIP)
    pen = ImageDraw.Draw(strip)
    middle = round(0.45 * unit) + row // 2
    for (swatches, words), (left, top) in zip(pieces, places, strict=True):
        _draw_swatch(pen, swatches, (left, top + middle), unit)
        pen.text((left + _swatch(swatches, unit) + 0.5 * unit, top + middle), words, _WORDS, font, anchor="lm")
    pen.text((picture.width - pad, middle), warning, _WARNING, font, anchor="rm")
    whole = Image.new("RGB", (picture.width, picture.height + strip.height))
    whole.paste(picture, (0, 0))
    whole.paste(strip, (0, picture.height))
    return whole


def _swatch(colours: list[Colour], unit: int) -> int:
    return round(1.4 * unit) if len(colours) == 1 else len(colours)


def _draw_swatch(pen: ImageDraw.ImageDraw, colours: list[Colour], at: tuple[int, int], unit: int) -> None:
    x, y = at
    if len(colours) == 1:
        pen.line((x, y, x + round(1.4 * unit), y), colours[0], max(2, unit // 5))
        return
    for shift, colour in enumerate(colours):
        pen.line((x + shift, y - unit // 3, x + shift, y + unit // 3), colour)
