"""The picture of a reading: contours and the ratio's lines, boxes with short labels, and bands with words around it.

The film is covered by lines and small labels only; who drew it, the warning and the list of findings stand above and
below. Nothing in it names the patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import prosvet.imaging
from prosvet.core.errors import ResultError
from prosvet.core.i18n import numeral
from prosvet.core.types import Finding, Status
from prosvet.hospital.objects.frame import Frame
from prosvet.imaging import draw_overlay
from prosvet.language.vocabulary import vocabulary
from prosvet.models.examine import Examination

__all__ = ["FONT", "answered_for", "decimal", "moment", "percent", "picture_of"]

FONT = Path(prosvet.imaging.__file__).with_name("fonts") / "DejaVuSans-ru-en.ttf"
_WIDTH = 1280  # pixels: labels stay legible on a 1-megapixel screen, and the object under 8 MB
_BAND, _WORDS, _MUTED, _WARNING = (17, 20, 24), (232, 236, 240), (160, 168, 176), (255, 196, 87)
_PRESENT, _UNCERTAIN = (255, 122, 61), (255, 205, 86)
_MOST, _WIDEST = 5, 0.45  # boxes on a film, and the share of it above which a box points at nothing
_CLAIMED = (Status.PRESENT, Status.UNCERTAIN)

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Pen:
    """Where to draw, and in which sizes."""

    draw: ImageDraw.ImageDraw
    font: ImageFont.FreeTypeFont
    unit: int


def picture_of(frame: Frame, width: int = _WIDTH, *, bands: bool = True) -> Image.Image:
    """The picture, RGB, `width` wide; without `bands` only the film and its legend.

    Raises
    ------
    ResultError
        When no film was read.
    """
    examination = frame.results.examination
    if examination is None:
        raise ResultError(reason="no_film")
    film, anatomy = examination.film, examination.anatomy
    ratio = next((one for one in frame.results.measurements if one.name == "cardiothoracic_ratio"), None)
    picture = draw_overlay(
        film,
        contours={part: anatomy.on_film(part, film.shape) for part in anatomy.masks} if anatomy else None,
        lines=ratio.lines if ratio else None,
        width=width,
        lang=frame.results.lang,
    )
    _boxes(picture, frame, examination)
    if not bands:
        return picture
    head, foot = _head(frame, width), _foot(frame, width)
    whole = Image.new("RGB", (width, head.height + picture.height + foot.height), _BAND)
    whole.paste(head, (0, 0))
    whole.paste(picture, (0, head.height))
    whole.paste(foot, (0, head.height + picture.height))
    return whole


def percent(value: float, frame: Frame) -> str:
    """A probability in whole percent, as the language writes it; what is not certain is never "100 %"."""
    whole = min(99, max(1, round(100 * value)))
    return f"{whole} %" if frame.results.lang == "ru" else f"{whole}%"


def decimal(value: float, digits: int, frame: Frame) -> str:
    """A number with the language's own decimal sign."""
    return numeral(f"{value:.{digits}f}", frame.results.lang)


def _boxes(picture: Image.Image, frame: Frame, examination: Examination) -> None:
    """All boxes first, then all labels, so that no box runs through a word."""
    rows, columns = examination.film.shape
    spacing = examination.film.spacing
    height = round(picture.width * rows / columns * (spacing[0] / spacing[1] if spacing else 1.0))
    across, down = picture.width / columns, height / rows
    unit = max(13, picture.width // 58)
    pen = _Pen(ImageDraw.Draw(picture), ImageFont.truetype(FONT, unit), unit)
    placed = []
    for finding, (left, top, right, bottom) in _placed(frame, rows * columns):
        box = left * across, top * down, right * across, bottom * down
        colour = _PRESENT if finding.status is Status.PRESENT else _UNCERTAIN
        for away, ink in ((2, (0, 0, 0)), (0, colour)):
            inset = 2 - away
            x0, y0 = box[0] + inset, box[1] + inset
            inner = (x0, y0, max(x0, box[2] - inset), max(y0, box[3] - inset))  # a small finding is a few pixels high
            pen.draw.rounded_rectangle(inner, unit // 2, outline=ink, width=3 if ink == colour else 2)
        placed.append((finding, box, colour))
    taken: list[Rectangle] = []
    for finding, box, colour in placed:
        taken.append(_label(pen, _named(finding, frame), box, taken, (picture.width, height), colour))


def _placed(frame: Frame, area: float) -> list[tuple[Finding, Rectangle]]:
    """The findings that are drawn: the likeliest first, one a place, and none whose place is half of the film."""
    found: list[tuple[Finding, Rectangle]] = []
    ranked = sorted(frame.results.findings, key=lambda f: (f.status is not Status.PRESENT, -(f.probability or 0)))
    for finding in ranked:
        box = next((one.box for one in finding.evidence if one.kind == "map" and one.box), None)
        if finding.status not in _CLAIMED or box is None or any(box == known for _, known in found):
            continue
        if (box[2] - box[0]) * (box[3] - box[1]) <= _WIDEST * area:
            found.append((finding, box))
    return found[:_MOST]


def _label(
    pen: _Pen, words: str, box: Rectangle, taken: list[Rectangle], size: tuple[int, int], colour: tuple[int, int, int]
) -> Rectangle:
    """A plate above the box, or the first free place below that; never outside the film or on another label."""
    wide, tall = pen.font.getlength(words) + pen.unit, round(1.7 * pen.unit)
    left = min(max(box[0], 4.0), size[0] - wide - 4)
    top = box[1] - tall - 2 if box[1] > tall + 4 else box[1] + 4
    while any(left < t[2] and t[0] < left + wide and top < t[3] and t[1] < top + tall for t in taken):
        top += tall + 2
    top = min(top, size[1] - tall - 4)
    plate = (left, top, left + wide, top + tall)
    pen.draw.rounded_rectangle(plate, pen.unit // 3, fill=_BAND, outline=colour, width=1)
    pen.draw.text((left + pen.unit / 2, top + tall / 2), words, colour, pen.font, anchor="lm")
    return plate


def _named(finding: Finding, frame: Frame) -> str:
    name = vocabulary()[finding.concept].names[frame.results.lang]
    doubt = "?" if finding.status is Status.UNCERTAIN else ""
    chance = f" {percent(finding.probability, frame)}" if finding.probability is not None else ""
    return f"{name[:1].upper()}{name[1:]}{doubt}{chance}"


def _head(frame: Frame, width: int) -> Image.Image:
    """Who drew it, and the warning in both languages."""
    unit = max(13, width // 56)
    band = Image.new("RGB", (width, round(2.6 * unit)), _BAND)
    draw, font = ImageDraw.Draw(band), ImageFont.truetype(FONT, unit)
    middle = band.height // 2
    draw.text((unit, middle), "Prosvet", _WORDS, font, anchor="lm")
    small = ImageFont.truetype(FONT, round(0.72 * unit))
    name, revision = frame.device
    draw.text((unit + font.getlength("Prosvet  "), middle), f"{name}@{revision}", _MUTED, small, anchor="lm")
    draw.text((width - unit, middle), frame.say("warning_both"), _WARNING, font, anchor="rm")
    return band


def _foot(frame: Frame, width: int) -> Image.Image:
    """What was found, what was not assessed, and by whom it is answered for."""
    unit = max(12, width // 72)
    font = ImageFont.truetype(FONT, unit)
    lines = [(colour, line) for colour, words in _told(frame) for line in _wrapped(words, font, width - 2 * unit)]
    row = round(1.55 * unit)
    band = Image.new("RGB", (width, row * len(lines) + unit), _BAND)
    draw = ImageDraw.Draw(band)
    for number, (colour, line) in enumerate(lines):
        draw.text((unit, unit // 2 + row * number + row // 2), line, colour, font, anchor="lm")
    return band


def _told(frame: Frame) -> list[tuple[tuple[int, int, int], str]]:
    names = vocabulary().concepts
    lang = frame.results.lang

    def those(status: Status) -> list[Finding]:
        return [one for one in frame.results.findings if one.status is status and one.concept != "abnormal"]

    lines = []
    for status, colour in ((Status.PRESENT, _PRESENT), (Status.UNCERTAIN, _UNCERTAIN)):
        if found := those(status):
            lines.append((colour, frame.say(f"told.{status.value}", those=", ".join(_small(f, frame) for f in found))))
    if not lines and (frame.results.findings or frame.results.signed is None):
        lines.append((_WORDS, frame.say("told.nothing" if frame.results.findings else "told.unread")))
    if unassessed := those(Status.NOT_ASSESSED):
        listed = ", ".join(names[one.concept].names[lang] for one in unassessed)
        lines.append((_MUTED, frame.say("told.not_assessed", those=listed)))
    return [*lines, (_MUTED, answered_for(frame))]


def answered_for(frame: Frame) -> str:
    """Signed by whom and when, or not by anybody."""
    signed = frame.results.signed
    if signed is None:
        return frame.say("unsigned", time=moment(frame.at, frame))
    return frame.say(
        "signed", name=signed.name.replace("^", " "), time=moment(frame.on_the_clock_of_the_study(signed.at), frame)
    )


def moment(at: datetime, frame: Frame) -> str:
    """A time as the language writes it."""
    return at.strftime("%d.%m.%Y, %H:%M" if frame.results.lang == "ru" else "%Y-%m-%d %H:%M")


def _small(finding: Finding, frame: Frame) -> str:
    name = vocabulary()[finding.concept].names[frame.results.lang]
    return f"{name} ({percent(finding.probability, frame)})" if finding.probability is not None else name


def _wrapped(words: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
