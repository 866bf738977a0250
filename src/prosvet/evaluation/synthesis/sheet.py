"""The nearest pairs as one picture to look at: a made picture, and its nearest training film by each distance."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from prosvet.archive.files import write_whole
from prosvet.core.i18n import Lang, numeral
from prosvet.evaluation.card.words import word
from prosvet.evaluation.synthesis.films import SIDE, Shots
from prosvet.evaluation.synthesis.memory import Memory
from prosvet.synthesis.marked import FONT

__all__ = ["write_sheet"]

_GAP, _TOP, _LETTERS = 8, 24, 14
_INK, _ALARM, _PAPER = (220, 226, 234), (255, 140, 120), (16, 19, 24)
_ABREAST = 2  # groups of three in a row


def write_sheet(path: Path, pictures: NDArray[np.uint8], memory: Memory, films: Shots, lang: Lang) -> None:
    """Write PNG with the pictures that come nearest to a training film, nearest first; copies in red.

    Raises
    ------
    DiskFull
    """
    rows = memory.foremost()
    wide, tall = 3 * (SIDE + _GAP) + 2 * _GAP, SIDE + _TOP + _GAP
    lines = -(-len(rows) // _ABREAST)
    canvas = Image.new("RGB", (_ABREAST * wide + _GAP, lines * tall + _GAP), _PAPER)
    pen, font = ImageDraw.Draw(canvas), ImageFont.truetype(FONT, _LETTERS)
    for number, row in enumerate(rows):
        left, top = _GAP + number % _ABREAST * wide, _GAP + number // _ABREAST * tall
        shown = [(pictures[row], f"{word('tables', 'picture', lang)} {row}", False)]
        for name, nearest in memory.made.items():
            distance = nearest.distance[row]
            title = f"{word('tables', f'synthesis.{name}', lang)}: {numeral(f'{distance:.3f}', lang)}"
            shown.append((films.pixels[nearest.row[row]], title, bool(memory.copied(name)[row])))
        for place, (grey, title, alarm) in enumerate(shown):
            at = left + place * (SIDE + _GAP)
            pen.text((at, top), title, _ALARM if alarm else _INK, font)
            canvas.paste(Image.fromarray(grey).convert("RGB"), (at, top + _TOP))
    stream = BytesIO()
    canvas.save(stream, "PNG")
    write_whole(path, [stream.getvalue()])
