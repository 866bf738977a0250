"""Marks as the archive keeps them: each reader's own, an edit as a new version, nothing ever overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from prosvet.archive.owned import visible
from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_marks import Mark, MarkCase, MarkReading
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import MarkError, NotFound
from prosvet.models.examine import Examiner
from prosvet.reading.stored import stored_image
from prosvet.training.queue.shapes import (
    Box,
    FilmMarks,
    MarkFinding,
    MarkRecord,
    MarkSource,
    MarkStatus,
    check_findings,
    from_row,
    to_row,
)

__all__ = ["MarkedFilm", "film_marks", "marked", "record_of", "save"]


@dataclass(frozen=True)
class MarkedFilm:
    """One reader's mark in force on one film.

    Attributes
    ----------
    findings : dict of concept to status
        present, uncertain or absent; what is not there was not marked.
    sides : dict of concept to side
    boxes : dict of concept to boxes
        (left, top, right, bottom) in pixels of the upright film.
    random : bool
        The film was drawn by chance, so that it also speaks for the archive as a whole.
    blind : bool
        It was marked before the reader saw the model's answer.
    """

    study: str
    image: int
    sha256: str
    findings: dict[str, MarkStatus]
    sides: dict[str, str]
    boxes: dict[str, tuple[Box, ...]]
    by: str
    at: datetime
    version: int
    model: str
    random: bool
    blind: bool


def save(
    image: int, findings: Sequence[MarkFinding], comment: str, context: Context, *, case: int | None = None,
    source: MarkSource = "page",
) -> int:  # fmt: skip
    """Keep this reader's mark of a film, and finish the case; returns the version. The same said again changes nothing.

    Raises
    ------
    NotFound
        When there is no such film or case, or it belongs to somebody else.
    UnknownName
    MarkError
        When the findings cannot be said of this film, or the case is of another film or was not begun.
    """
    film = stored_image(image, context)
    check_findings(findings, film.rows, film.cols)
    said = MarkRecord(findings=tuple(findings), comment=comment)
    ref, reader = context.get(Examiner).ref, context.actor.name
    with context.get(Store).note() as db:
        last = latest(db, image, reader)
        reading = _reading(db, case, image, reader)
        blind = last is None and reading is not None and bool(reading.blind) and reading.finished is None
        version = (last.version if last is not None else 0) + 1
        if last is not None and record_of(last).says() == said.says():
            version = last.version
        else:
            db.execute(insert(Mark).values(
                study_id=film.study, image_id=image, case_id=case, reader=reader, version=version, at=now(),
                findings=to_row(said.findings), comment=said.comment, blind=blind,
                model=f"{ref.name}@{ref.revision}", source=source,
            ))  # fmt: skip
        if case is not None:
            mine = (MarkReading.case_id == case, MarkReading.reader == reader)
            db.execute(update(MarkReading).where(*mine).values(finished=now(), skipped=None))
        AuditLog.from_context(context).write("mark_save", study=film.study, image=image, version=version, blind=blind)
    return version


def latest(db: Connection, image: int, reader: str) -> Row[Any] | None:
    """The version in force of one reader's mark of a film."""
    mine = select(Mark.__table__).where(Mark.image_id == image, Mark.reader == reader)
    return db.execute(mine.order_by(Mark.version.desc()).limit(1)).first()


def _reading(db: Connection, case: int | None, image: int, reader: str) -> Row[Any] | None:
    if case is None:
        return None
    if db.execute(select(MarkCase.id).where(MarkCase.id == case, MarkCase.image_id == image)).first() is None:
        raise MarkError(reason="other_case", case=case)
    query = select(MarkReading.__table__).where(MarkReading.case_id == case, MarkReading.reader == reader)
    row = db.execute(query).first()
    if row is None:
        raise MarkError(reason="not_begun", case=case)
    return row


def record_of(row: Row[Any]) -> MarkRecord:
    """A row of the table."""
    return MarkRecord(
        reader=row.reader, version=row.version, at=row.at, blind=row.blind, model=row.model, source=row.source,
        comment=row.comment, findings=from_row(row.findings),
    )  # fmt: skip


def film_marks(context: Context, *, study: str | None = None, image: int | None = None) -> tuple[FilmMarks, ...]:
    """Every film with its marks, all versions of all readers, as far as whoever asks may see the study.

    Raises
    ------
    NotFound
        When one film is asked for and is not there.
    """
    query = select(Mark.__table__).join(Study, Study.id == Mark.study_id).where(visible(context.actor))
    if study is not None:
        query = query.where(Mark.study_id == study)
    if image is not None:
        query = query.where(Mark.image_id == image)
    with context.get(Store).read() as db:
        rows = db.execute(query.order_by(Mark.image_id, Mark.reader, Mark.version)).all()
    grouped: dict[int, list[MarkRecord]] = {}
    for row in rows:
        grouped.setdefault(row.image_id, []).append(record_of(row))
    if image is not None and not grouped:
        raise NotFound(kind="film", name=str(image))
    return tuple(_film(number, marks, context) for number, marks in grouped.items())


def _film(number: int, marks: Sequence[MarkRecord], context: Context) -> FilmMarks:
    film = stored_image(number, context)
    return FilmMarks(study=film.study, image=number, rows=film.rows, cols=film.cols, marks=tuple(marks))


def marked(
    context: Context, *, since: datetime | None = None, random_only: bool = False
) -> Iterator[MarkedFilm]:  # fmt: skip
    """Each reader's mark in force of each film, by film and reader: what retraining learns from.

    Parameters
    ----------
    since : datetime, UTC without a zone
        Only marks that were saved after it.
    random_only : bool
        Only films that chance chose.
    """
    newest = select(Mark.image_id, Mark.reader, func.max(Mark.version).label("version")).group_by(
        Mark.image_id, Mark.reader
    )
    top = newest.subquery()
    chance = select(MarkCase.image_id).where(MarkCase.kind == "random")
    query = (
        select(Mark.__table__, Image.sha256, Mark.image_id.in_(chance).label("random"))
        .join(top, (top.c.image_id == Mark.image_id) & (top.c.reader == Mark.reader) & (top.c.version == Mark.version))
        .join(Image, Image.id == Mark.image_id)
        .join(Study, Study.id == Mark.study_id)
        .where(visible(context.actor))
        .order_by(Mark.image_id, Mark.reader)
    )
    if since is not None:
        query = query.where(Mark.at > since)
    with context.get(Store).read() as db:
        rows = db.execute(query).all()
    for row in rows:
        if row.random or not random_only:
            yield _marked(row)


def _marked(row: Row[Any]) -> MarkedFilm:
    said = from_row(row.findings)
    return MarkedFilm(
        study=row.study_id, image=row.image_id, sha256=row.sha256,
        findings={finding.concept: finding.status for finding in said},
        sides={finding.concept: finding.side.value for finding in said if finding.side},
        boxes={finding.concept: finding.boxes for finding in said if finding.boxes},
        by=row.reader, at=row.at, version=row.version, model=row.model, random=bool(row.random), blind=row.blind,
    )  # fmt: skip
