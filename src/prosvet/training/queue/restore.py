"""Marks from a file into the archive: every film and mark is checked first, and all are kept or none."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert

from prosvet.archive.schema_marks import Mark
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import BadMarks, MarkError, NotFound, UnknownName
from prosvet.core.types import Frozen
from prosvet.models.examine import Examiner
from prosvet.reading.stored import StoredImage, stored_image
from prosvet.training.queue.marks import latest, record_of
from prosvet.training.queue.shapes import FilmMarks, MarkRecord, check_findings, to_row

__all__ = ["Imported", "restore"]

_UNSTATED = (1, 1)  # a table without the columns of the film's size


class Imported(Frozen):
    """How many films the file names, how many marks were kept, and how many were there already, word for word."""

    films: int
    kept: int
    known: int


def restore(films: Sequence[FilmMarks], context: Context) -> Imported:
    """Keep the marks of `films`.

    A mark that names its reader and version is that reader's, and has to follow the versions that are there or be one
    of them unchanged. A new one belongs to whoever imports it, as the next version of their own.

    Raises
    ------
    BadMarks
        For the first film or mark that cannot be kept; nothing is.
    """
    ref = context.get(Examiner).ref
    checked = [(film, _film(film, context)) for film in films]
    kept = known = 0
    with context.get(Store).note() as db:
        for film, own in checked:
            new = [mark for mark in film.marks if not mark.reader]
            if len(new) > 1:
                raise BadMarks(row=_place(film), reason="several_new", image=film.image)
            for mark in film.marks:
                signed = _signed(db, film, mark, f"{ref.name}@{ref.revision}", context)
                if signed is None:
                    known += 1
                    continue
                kept += 1
                values = signed.model_dump(exclude={"findings"}) | {"findings": to_row(signed.findings)}
                db.execute(insert(Mark).values(study_id=own.study, image_id=own.id, case_id=None, **values))
        audit = AuditLog.from_context(context)
        audit.write("marks_import", films=len(films), marks=kept, known=known)
    return Imported(films=len(films), kept=kept, known=known)


def _place(film: FilmMarks, mark: MarkRecord | None = None) -> str:
    whose = f", {mark.reader} {mark.version}" if mark is not None and mark.reader else ""
    return f"{film.study}, {film.image}{whose}"


def _film(film: FilmMarks, context: Context) -> StoredImage:
    """The film in the archive, and every mark of it as one that can be said of it."""
    try:
        own = stored_image(film.image, context)
    except NotFound:
        own = None
    if own is None or own.study != film.study:
        raise BadMarks(row=_place(film), reason="unknown_film", study=film.study, image=film.image)
    size = (film.rows, film.cols)
    if size not in (_UNSTATED, (own.rows, own.cols)):
        raise BadMarks(
            row=_place(film), reason="size_differs", image=film.image, rows=film.rows, cols=film.cols,
            own_rows=own.rows, own_cols=own.cols,
        )  # fmt: skip
    for mark in film.marks:
        try:
            check_findings(mark.findings, own.rows, own.cols)
        except UnknownName as error:
            name = error.details["name"]
            raise BadMarks(row=_place(film, mark), reason="unknown_finding", concept=name) from None
        except MarkError as error:
            raise BadMarks(row=_place(film, mark), **error.details) from None
    return own


def _signed(db: Connection, film: FilmMarks, mark: MarkRecord, model: str, context: Context) -> MarkRecord | None:
    """The mark with its reader and version; None where it is there already."""
    reader = mark.reader or context.actor.name
    last = latest(db, film.image, reader)
    version = last.version if last is not None else 0
    if not mark.reader:
        if last is not None and record_of(last).says() == mark.says():
            return None
        facts = {"reader": reader, "version": version + 1, "at": now(), "blind": False, "model": model}
        return mark.model_copy(update=facts)
    if mark.version <= version:
        query = Mark.__table__.select().where(
            Mark.image_id == film.image, Mark.reader == reader, Mark.version == mark.version
        )
        if record_of(db.execute(query).one()) != mark:
            raise BadMarks(
                row=_place(film, mark), reason="changed_mark", image=film.image, reader=reader, version=mark.version
            )
        return None
    if mark.version > version + 1:
        raise BadMarks(
            row=_place(film, mark), reason="gap", image=film.image, reader=reader, version=mark.version, last=version
        )
    return mark
