"""The first version: written by the program from the film's reading, or empty headings where no film was read."""

from __future__ import annotations

from sqlalchemy import select

from prosvet.archive.files import sha256
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.i18n import Lang, text
from prosvet.core.types import Report
from prosvet.reading.draft import brief_of, checked_draft, seed_of
from prosvet.reading.protocols.content import Basis, Content, Line, Part

__all__ = ["drafted"]

_EMPTY = ("findings", "impression")
_UNSPOKEN = ("checks",)
"""What the draft says of itself is shown by the checks, and never becomes a protocol's text."""


def drafted(basis: Basis, lang: Lang, context: Context) -> Content:
    """The program's draft of what `basis` says; headings alone where nothing was read."""
    if basis.findings is None or basis.gates is None:
        parts = tuple(Part(name=name, title=text(f"protocol.parts.{name}", lang)) for name in _EMPTY)
        return Content(saved=now("second"), parts=parts, basis=basis)
    seed = seed_of(_film_hash(basis, context))
    report = checked_draft(brief_of(basis.findings, basis.measurements, basis.gates, lang, seed))
    return Content(saved=now("second"), parts=_parts(report), basis=basis)


def _parts(report: Report) -> tuple[Part, ...]:
    serial = 0
    parts = []
    for section in report.sections:
        if section.name in _UNSPOKEN:
            continue
        lines = []
        for sentence in section.sentences:
            serial += 1
            lines.append(Line(id=str(serial), text=sentence.text, sources=sentence.sources, original=sentence.text))
        parts.append(Part(name=section.name, title=section.title, lines=tuple(lines)))
    return tuple(parts)


def _film_hash(basis: Basis, context: Context) -> str:
    """The film's own hash, which chooses the wordings; an erased film's draft takes the plainest."""
    with context.get(Store).read() as db:
        found = db.execute(select(Image.source_sha256).where(Image.id == basis.image)).scalar_one_or_none()
    return found or sha256(b"")
