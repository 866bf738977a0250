"""The capability `marks`: fill the queue, list it, mark a case, take marks out and in."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.archive.blind import blind_studies
from prosvet.archive.store import Store
from prosvet.core.actor import Role
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, MarkError, NotFound
from prosvet.core.types import Frozen
from prosvet.training.queue.desk import CaseView, begin, next_case, skip, view
from prosvet.training.queue.estimate import ErrorRate, error_rate
from prosvet.training.queue.exporting import MarksFile, Which, export
from prosvet.training.queue.fill import RANDOM_SHARE, fill
from prosvet.training.queue.formats import FORMATS, Format
from prosvet.training.queue.lists import QueuePage, State, page
from prosvet.training.queue.marks import film_marks, save
from prosvet.training.queue.restore import Imported, restore
from prosvet.training.queue.shapes import FilmMarks, MarkFinding

__all__ = ["MarksRequest", "MarksResult", "run"]

Action = Literal["queue", "list", "show", "next", "save", "skip", "history", "export", "import"]
_SENIOR: frozenset[Action] = frozenset({"queue", "export", "import"})


class MarksRequest(Frozen):
    """Fill the queue, list it, show a case, take the next one, save its mark, skip it, and take marks out and in."""

    action: Action = "list"
    n: int = Field(default=50, ge=1, le=10_000, description="How many films to queue.")
    random_share: float = Field(default=RANDOM_SHARE, ge=0, le=1, description="Of these, drawn by chance.")
    seed: int = Field(default=0, ge=0, le=2**31)
    case: int | None = Field(default=None, ge=1, le=2**53)
    image: int | None = Field(default=None, ge=1, le=2**53, description="Film whose marks and history to show.")
    findings: tuple[MarkFinding, ...] = Field(default=(), max_length=200)
    comment: str = Field(default="", max_length=4000)
    reason: str = Field(default="", max_length=500, description="Why a case is skipped.")
    state: State = "waiting"
    kind: str | None = Field(default=None, max_length=40)
    limit: int = Field(default=50, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=10_000_000)
    format: Format = "csv"
    which: Which = "marked"
    folder: Path | None = Field(default=None, description="Where to write; without it the text is the answer.")
    pictures: bool = Field(default=False, description="Write the films too, as PNG.")
    file: Path | None = Field(default=None, description="File of marks to take in.")


class MarksResult(Frozen):
    """What was asked for; of `next` the case that was begun, None when nothing waits."""

    action: Action
    queue: QueuePage | None = None
    errors: ErrorRate | None = None
    draw: int | None = None
    case: CaseView | None = None
    version: int | None = None
    films: tuple[FilmMarks, ...] = ()
    file: MarksFile | None = None
    imported: Imported | None = None


def run(request: MarksRequest, context: Context) -> MarksResult:
    """Do it; only a senior fills the queue and takes marks out or in.

    Raises
    ------
    Forbidden
    NotFound
        When the case, the film or the file is not there, or belongs to somebody else.
    InvalidRequest
        When the case, the film or the file is not named.
    MarkError, BadMarks, UnknownName
    """
    least: Role = "senior" if request.action in _SENIOR else "reader"
    if not context.actor.may(least):
        raise Forbidden(role=least)
    if request.action in ("queue", "list"):
        return _queue(request, context)
    if request.action == "export":
        made = export(request.format, request.which, request.folder, request.pictures, context)
        return MarksResult(action="export", file=made)
    if request.action == "import":
        return MarksResult(action="import", imported=_take_in(request, context))
    if request.action == "history":
        films = film_marks(context, image=_named(request.image, "image"))
        AuditLog.from_context(context).write("mark_history", study=films[0].study, image=films[0].image)
        return MarksResult(action="history", films=_allowed(films, context))
    return _desk(request, context)


def _queue(request: MarksRequest, context: Context) -> MarksResult:
    draw = fill(request.n, request.random_share, request.seed, context) if request.action == "queue" else None
    shown = page(request.state, request.kind, request.limit, request.offset, context)
    errors = error_rate(context) if context.actor.may("senior") else None
    return MarksResult(action=request.action, draw=draw, queue=shown, errors=errors)


def _desk(request: MarksRequest, context: Context) -> MarksResult:
    if request.action == "next":
        case = request.case or next_case(context)
        if case is None:
            return MarksResult(action="next")
        begin(case, context)
        return MarksResult(action="next", case=view(case, context))
    case = _named(request.case, "case")
    version = None
    if request.action == "skip":
        skip(case, request.reason, context)
    if request.action == "save":
        image = view(case, context).image
        version = save(image, request.findings, request.comment, context, case=case)
    return MarksResult(action=request.action, version=version, case=view(case, context))


def _take_in(request: MarksRequest, context: Context) -> Imported:
    if request.file is None:
        raise MarkError(reason="file_needed")
    if not request.file.is_file():
        raise NotFound(kind="file", name=request.file.name)
    try:
        text = request.file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest(name=request.file.name, reason=str(error.reason)) from None
    return restore(FORMATS[request.format][1](text), context)


def _allowed(films: tuple[FilmMarks, ...], context: Context) -> tuple[FilmMarks, ...]:
    """Others' marks are closed to whoever reads the study blind, and to a reader without a mark of their own."""
    me = context.actor.name
    with context.get(Store).read() as db:
        closed = blind_studies(db, context.actor)

    def open_(film: FilmMarks) -> bool:
        own = context.actor.may("senior") or any(mark.reader == me for mark in film.marks)
        return own and film.study not in closed

    return tuple(film if open_(film) else film.model_copy(update={"marks": ()}) for film in films)


def _named(value: int | None, name: str) -> int:
    if value is None:
        raise InvalidRequest(name=name, reason="field_missing")
    return value
