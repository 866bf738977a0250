"""The loss of a run over its steps: numbers as JSON, a picture as PNG."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

import prosvet.imaging
from prosvet.core.i18n import Lang, text

__all__ = ["draw_curves", "series_of", "write_curves"]

Series = dict[str, list[tuple[int, float]]]

_FONT = Path(prosvet.imaging.__file__).with_name("fonts") / "DejaVuSans-ru-en.ttf"
_SIZE = 1200, 640
_FRAME = 110, 70, 1160, 560  # left, top, right, bottom
_COLOURS = {"train": (31, 102, 173), "dev": (196, 78, 20)}
_INK, _GRID, _PAPER = (40, 44, 52), (222, 226, 232), (255, 255, 255)
_TICKS = 5


def series_of(history: Sequence[dict[str, Any]]) -> Series:
    """The losses in a trainer's history: ``train`` as logged, ``dev`` as evaluated.

    Examples
    --------
    >>> series_of([{"loss": 2.5, "step": 1}, {"eval_loss": 2.0, "step": 1}])
    {'train': [(1, 2.5)], 'dev': [(1, 2.0)]}
    """
    names = {"train": "loss", "dev": "eval_loss"}
    return {
        name: [(int(row["step"]), float(row[key])) for row in history if key in row] for name, key in names.items()
    }  # fmt: skip


def write_curves(history: Sequence[dict[str, Any]], folder: Path, lang: Lang) -> Path:
    """``curves.json`` (the whole history) and ``curves.png`` in `folder`; returns the picture."""
    told = json.dumps({"series": series_of(history), "history": list(history)}, indent=1, default=float)
    (folder / "curves.json").write_text(told, encoding="utf-8")
    path = folder / "curves.png"
    draw_curves(series_of(history), lang).save(path)
    return path


def draw_curves(series: Series, lang: Lang) -> Image.Image:
    """Lines on a frame with axes; a legend names them. An empty frame where nothing was logged yet."""
    picture = Image.new("RGB", _SIZE, _PAPER)
    pen, font = ImageDraw.Draw(picture), ImageFont.truetype(_FONT, 22)
    points = [point for line in series.values() for point in line]
    pen.text((_FRAME[0], 22), text("tuning.curves.title", lang), _INK, ImageFont.truetype(_FONT, 28))
    pen.text((_FRAME[2], 600), text("tuning.curves.step", lang), _INK, font, anchor="ra")
    if not points:
        pen.rectangle(_FRAME, outline=_GRID)
        return picture
    limits = _limits(points)
    _axes(pen, font, limits, lang)
    for place, (name, line) in enumerate((name, line) for name, line in series.items() if line):
        spots = [_spot(point, limits) for point in line]
        pen.line(spots, _COLOURS[name], 4, joint="curve")
        for x, y in spots if len(spots) <= 60 else spots[-1:]:
            pen.ellipse((x - 5, y - 5, x + 5, y + 5), _COLOURS[name])
        left = _FRAME[2] - 420 + 220 * place
        pen.line((left, 40, left + 36, 40), _COLOURS[name], 5)
        pen.text((left + 46, 40), text(f"tuning.curves.{name}", lang), _INK, font, anchor="lm")
    return picture


Limits = tuple[float, float, float, float]


def _limits(points: Sequence[tuple[int, float]]) -> Limits:
    steps, values = [p[0] for p in points], [p[1] for p in points]
    room = 0.06 * (max(values) - min(values)) or 0.5
    return min(steps), max(max(steps), min(steps) + 1), max(0.0, min(values) - room), max(values) + room


def _spot(point: tuple[float, float], limits: Limits) -> tuple[float, float]:
    across = (point[0] - limits[0]) / (limits[1] - limits[0])
    up = (point[1] - limits[2]) / (limits[3] - limits[2])
    return _FRAME[0] + across * (_FRAME[2] - _FRAME[0]), _FRAME[3] - up * (_FRAME[3] - _FRAME[1])


def _axes(pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, limits: Limits, lang: Lang) -> None:
    for step in _round_numbers(limits[0], limits[1], whole=True):
        x, _ = _spot((step, limits[2]), limits)
        pen.line((x, _FRAME[3], x, _FRAME[3] + 6), _INK, 2)
        pen.text((x, _FRAME[3] + 10), f"{step:.0f}", _INK, font, anchor="ma")
    for value in _round_numbers(limits[2], limits[3], whole=False):
        _, y = _spot((limits[0], value), limits)
        pen.line((_FRAME[0], y, _FRAME[2], y), _GRID)
        number = f"{value:.4g}"
        pen.text((_FRAME[0] - 12, y), number.replace(".", ",") if lang == "ru" else number, _INK, font, anchor="rm")
    pen.line((_FRAME[0], _FRAME[3], _FRAME[2], _FRAME[3]), _INK, 2)
    pen.line((_FRAME[0], _FRAME[1], _FRAME[0], _FRAME[3]), _INK, 2)


def _round_numbers(low: float, high: float, *, whole: bool) -> list[float]:
    """About five numbers between `low` and `high` that are 1, 2 or 5 times a power of ten apart."""
    power = 10.0 ** math.floor(math.log10((high - low) / _TICKS))
    gap = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= (high - low) / _TICKS)
    gap = max(gap, 1.0) if whole else gap
    first = math.ceil(low / gap - 1e-9)
    return [number * gap for number in range(first, math.floor(high / gap + 1e-9) + 1)]
