"""The pages of the report: who, what was seen, the conclusion, the picture, and what the program's part was."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from functools import cache
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from reportlab.platypus import Flowable, HRFlowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Table  # type: ignore[import-untyped]

from prosvet import __version__
from prosvet.archive.deidentify import dicom_day
from prosvet.core.types import Finding, Measurement, Status
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.grid import grid_of
from prosvet.hospital.objects.picture import FONT, answered_for, decimal, percent, picture_of
from prosvet.hospital.objects.sources import patient_and_study
from prosvet.hospital.objects.spacing import spacing_of
from prosvet.language.vocabulary import vocabulary

__all__ = ["pages_of"]

_FACE = "ProsvetSans"
_INK, _MUTED, _ACCENT, _LINE = HexColor("#1b1f24"), HexColor("#5b6570"), HexColor("#0b5c8a"), HexColor("#c9d1d9")
_WARN = HexColor("#9a4b00")
_INVARIANT = b"(D:20000101000000+00'00')"
_PICTURE_WIDTH, _PICTURE_HEIGHT = 70 * mm, 110 * mm
_SHOWN = (Status.PRESENT, Status.UNCERTAIN)


def pages_of(frame: Frame) -> bytes:
    """The PDF, the same bytes for the same results; its metadata name neither patient nor study."""
    _registered()
    stream = io.BytesIO()
    template = SimpleDocTemplate(
        stream,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=20 * mm,
        title=frame.say("pdf.title"),
        author="Prosvet",
        subject=frame.say("pdf.subject"),
        creator=f"Prosvet {__version__}",
        producer=f"Prosvet {__version__}",
        lang=frame.results.lang,
        invariant=1,
    )

    def dressed(canvas: Canvas, _document: object) -> None:
        _footer(canvas, frame)

    template.build(list(_story(frame)), onFirstPage=dressed, onLaterPages=dressed)
    # An invariant document bears a date of its own: ours takes its place, in as many bytes.
    dated = f"(D:{frame.day}{frame.time})".encode().ljust(len(_INVARIANT))
    return stream.getvalue().replace(_INVARIANT, dated)


def _story(frame: Frame) -> Iterator[Flowable]:
    title = frame.say("pdf.title")
    yield Paragraph(_shown(title), _style(12.4, _ACCENT, after=1.5 * mm))
    if frame.results.signed is None:
        yield Paragraph(_shown(frame.say("pdf.draft")), _style(9.5, _WARN, after=2 * mm))
    yield _identity(frame)
    yield HRFlowable(width="100%", thickness=0.6, color=_LINE, spaceBefore=2 * mm, spaceAfter=3 * mm)
    for part in frame.results.parts:
        big = part.name == "impression"
        heading = Paragraph(
            _shown(part.title), _style(10 if not big else 11, _ACCENT if big else _MUTED, before=1.6 * mm)
        )
        body = Paragraph(_shown(part.text), _style(10 if not big else 11, _INK, after=0.6 * mm))
        yield KeepTogether([heading, body])
    yield Paragraph(_shown(answered_for(frame)), _style(9.5, _MUTED, before=3 * mm))
    yield HRFlowable(width="100%", thickness=0.6, color=_LINE, spaceBefore=3 * mm, spaceAfter=3 * mm)
    yield from _program(frame)


def _identity(frame: Frame) -> Table:
    """Patient and study as the source has them; what it does not tell is a dash."""
    about = patient_and_study(frame.sources.film)
    name = " ".join(str(about.PatientName or "").replace("^", " ").split())
    sex = {"M": "male", "F": "female", "O": "other"}.get(str(about.PatientSex or ""))
    rows = [
        (frame.say("pdf.patient"), name, frame.say("pdf.number"), about.PatientID),
        (
            frame.say("pdf.born"),
            _day(about.PatientBirthDate, frame),
            frame.say("pdf.sex"),
            frame.say(f"sex.{sex}") if sex else "",
        ),
        (frame.say("pdf.study"), _day(about.StudyDate, frame), frame.say("pdf.accession"), about.AccessionNumber),
    ]
    label, value = _style(8.5, _MUTED), _style(10, _INK)
    cells = [
        [Paragraph(_shown(str(text or "—")), label if n % 2 == 0 else value) for n, text in enumerate(row)]
        for row in rows
    ]
    table = Table(cells, colWidths=[27 * mm, 63 * mm, 36 * mm, 48 * mm], hAlign="LEFT")
    table.setStyle([("LEFTPADDING", (0, 0), (-1, -1), 0), ("TOPPADDING", (0, 0), (-1, -1), 1),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 1), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")])  # fmt: skip
    return table


def _program(frame: Frame) -> Iterator[Flowable]:
    """The picture beside what the program measured and claimed; nothing where no film was read."""
    words: list[Flowable] = [Paragraph(_shown(frame.say("pdf.program")), _style(10, _ACCENT, after=1.5 * mm))]
    if frame.results.signed is None:
        words += [_finding(one, frame) for one in frame.results.findings if one.status in _SHOWN]
    words += [row for one in frame.results.measurements for row in _measured(one, frame)]
    if frame.results.signed is None and (silent := _unassessed(frame)):
        words.append(
            Paragraph(_shown(frame.say("told.not_assessed", those=silent)), _style(8.5, _MUTED, before=1.5 * mm))
        )
    if frame.results.model is not None:
        model = frame.results.model
        name = frame.say("pdf.model", name=model.name, revision=model.revision, point=model.operating_point)
        words.append(Paragraph(_shown(name), _style(8, _MUTED, before=1.5 * mm)))
    if frame.results.examination is None:
        if frame.results.model is not None:
            yield KeepTogether(words)
        return
    table = Table([[_picture(frame), words]], colWidths=[_PICTURE_WIDTH + 5 * mm, 99 * mm], hAlign="LEFT")
    table.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)])
    yield table


def _finding(finding: Finding, frame: Frame) -> Paragraph:
    name = vocabulary()[finding.concept].names[frame.results.lang]
    place = [frame.say(f"side.{finding.side.value}")] if finding.side is not None and finding.side != "midline" else []
    place += [frame.say(f"zone.{finding.zone.value}")] if finding.zone is not None else []
    where = f" ({', '.join(place)})" if place else ""
    status = frame.say(f"status.{finding.status.value}")
    chance = f", {percent(finding.probability, frame)}" if finding.probability is not None else ""
    return Paragraph(
        _shown(f"{name[:1].upper()}{name[1:]}{where}: {status}{chance}"), _style(9.5, _INK, after=0.6 * mm)
    )


def _measured(one: Measurement, frame: Frame) -> Iterator[Paragraph]:
    yield Paragraph(_shown(f"{frame.say(f'names.{one.name}')}: {decimal(one.value, 2, frame)}"), _style(9.5, _INK))
    spacing, examination = spacing_of(frame.sources.film), frame.results.examination
    if spacing is None or examination is None:
        return
    grid = grid_of(frame.sources, examination)
    for name, line in one.lines.items():
        width = decimal(spacing.length(*grid.points(line)), 0, frame)
        words = frame.say(
            "pdf.width", name=frame.say(f"names.{name}_width"), mm=width, plane=frame.say(f"plane.{spacing.plane}")
        )
        yield Paragraph(_shown(words), _style(8.5, _MUTED))


def _unassessed(frame: Frame) -> str:
    silent = [one for one in frame.results.findings if one.status is Status.NOT_ASSESSED and one.concept != "abnormal"]
    return ", ".join(vocabulary()[one.concept].names[frame.results.lang] for one in silent)


def _picture(frame: Frame) -> Image:
    picture = picture_of(frame, width=1024, bands=False)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88)
    stream.seek(0)
    width = min(_PICTURE_WIDTH, _PICTURE_HEIGHT * picture.width / picture.height)
    return Image(stream, width=width, height=width * picture.height / picture.width)


def _footer(canvas: Canvas, frame: Frame) -> None:
    canvas.saveState()
    canvas.setStrokeColor(_LINE)
    canvas.setLineWidth(0.6)
    canvas.line(18 * mm, 15 * mm, A4[0] - 18 * mm, 15 * mm)
    canvas.setFont(_FACE, 8)
    canvas.setFillColor(_WARN if frame.results.signed is None else _MUTED)
    canvas.drawString(
        18 * mm, 10.5 * mm, _drawable(frame.say("warning" if frame.results.signed is None else "pdf.made"))
    )
    canvas.setFillColor(_MUTED)
    canvas.drawRightString(A4[0] - 18 * mm, 10.5 * mm, _drawable(frame.say("pdf.page", number=canvas.getPageNumber())))
    canvas.restoreState()


@cache
def _registered() -> frozenset[int]:
    """The code points that the shipped font can draw."""
    font = TTFont(_FACE, str(FONT))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)


def _drawable(words: str) -> str:
    """Letters that the font lacks lose their accents, and are a question mark when that does not help."""
    known = _registered()
    if all(ord(sign) in known for sign in words):
        return words
    plain = "".join(
        sign
        if ord(sign) in known
        else "".join(c for c in unicodedata.normalize("NFKD", sign) if ord(c) in known) or "?"
        for sign in words
        if not unicodedata.combining(sign)
    )
    return plain


def _shown(words: str) -> str:
    return escape(_drawable(words))


def _style(size: float, colour: Color, *, before: float = 0, after: float = 0) -> ParagraphStyle:
    return ParagraphStyle(
        "prosvet", fontName=_FACE, fontSize=size, leading=size * 1.38, textColor=colour, spaceBefore=before,
        spaceAfter=after,
    )  # fmt: skip


def _day(value: object, frame: Frame) -> str:
    day = dicom_day(str(value or ""))
    if day is None:
        return ""
    return f"{day:%d.%m.%Y}" if frame.results.lang == "ru" else f"{day:%Y-%m-%d}"
