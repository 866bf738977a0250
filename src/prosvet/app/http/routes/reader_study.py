"""`/v1/reader-studies`: the human evaluation. Nobody learns who wrote what before every judgement is given."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import select

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.revalidation import known, revalidated, tag_of, unchanged
from prosvet.archive.files import sha256
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, NotFound
from prosvet.core.types import Frozen
from prosvet.evaluation.readers.api import ReadersRequest
from prosvet.evaluation.readers.api import run as agreement
from prosvet.evaluation.readers.desk import AnswerIn, TaskView, next_task, picture_of, record
from prosvet.evaluation.readers.export import export
from prosvet.evaluation.readers.file import StudyFile
from prosvet.evaluation.readers.from_archive import ArchiveStudy, create_from_archive
from prosvet.evaluation.readers.judgements import standing
from prosvet.evaluation.readers.schema import Task
from prosvet.evaluation.readers.shelf import Shelf, StudyEntry
from prosvet.evaluation.result import Evaluation

__all__ = ["Answered", "export_of", "figures_of", "reader_of", "router", "seen_by"]

router = APIRouter(prefix="/v1", tags=["reader study"])

ReaderQuery = Annotated[str, Query(min_length=1, max_length=32, description="The seat: a pseudonym.")]


class Judgement(Frozen):
    """An answer of a reader to a task."""

    reader: str = Field(min_length=1, max_length=32)
    task: int = Field(ge=1, le=2**63 - 1)
    answer: AnswerIn


class Answered(Frozen):
    """The number under which an answer is kept; a later one to the same task supersedes it."""

    answer: int


@router.get("/reader-studies", summary="List reader studies")
def list_(context: ContextDep) -> list[StudyEntry]:
    """Every study; progress by reader is for its owner and seniors."""
    shelf = context.get(Shelf)
    return [seen_by(entry, shelf, context) for entry in shelf.entries()]


@router.post("/reader-studies", summary="Create a reader study", dependencies=[Depends(require("researcher"))])
def create(request: ArchiveStudy, context: ContextDep) -> StudyEntry:
    """Films of a cohort or a filter with the texts to be judged; seats R1, R2, … are dealt at once."""
    return create_from_archive(request, context)


@router.get("/reader-studies/{name}", summary="Show a reader study")
def show(name: str, context: ContextDep) -> StudyEntry:
    """What it is, and how far it is."""
    shelf = context.get(Shelf)
    return seen_by(shelf.entry(name), shelf, context)


@router.get("/reader-studies/{name}/next", summary="The next task of a reader")
def next_(name: str, reader: ReaderQuery, request: Request, context: ContextDep) -> TaskView | None:
    """Texts without names; null when the reader has judged all."""
    seat = reader_of(name, reader, request, context)
    with StudyFile(context.get(Shelf).existing(name)) as study:
        return next_task(study, seat)


@router.post("/reader-studies/{name}/answers", summary="Answer a task")
def answer(name: str, body: Judgement, request: Request, context: ContextDep) -> Answered:
    """Keep a judgement; it cannot be changed later, only superseded."""
    seat = reader_of(name, body.reader, request, context)
    with StudyFile(context.get(Shelf).existing(name)) as study:
        number = record(study, seat, body.task, body.answer)
    AuditLog.from_context(context).write("reader_study_answer", name=name, task=body.task)
    return Answered(answer=number)


@router.get(
    "/reader-studies/{name}/tasks/{task}/picture",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "PNG"}, 304: {"description": "As it was."}},
    summary="The film of a task",
)
def picture(name: str, task: int, reader: ReaderQuery, request: Request, context: ContextDep) -> Response:
    """The film as readers see it: 8 bits, without a header."""
    seat = reader_of(name, reader, request, context)
    with StudyFile(context.get(Shelf).existing(name)) as study:
        if not 0 < task < 2**63:
            raise NotFound(kind="task", name=str(task))
        with study.read() as db:
            mine = db.execute(select(Task.id).where(Task.id == task, Task.reader == seat)).first()
        data = picture_of(study, task) if mine is not None else None
    if data is None:
        raise NotFound(kind="task", name=str(task))
    tag = tag_of(sha256(data))
    return unchanged(tag) if known(request, tag) else Response(data, media_type="image/png", headers=revalidated(tag))


@router.get("/reader-studies/{name}/figures", summary="Agreement of the readers")
def figures(name: str, context: ContextDep) -> Evaluation:
    """For the owner and seniors at any time, under codes; for readers when every judgement is given, with names."""
    return figures_of(name, context)


@router.get(
    "/reader-studies/{name}/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, "application/json": {}}, "description": "CSV or JSON"}},
    summary="Export the answers",
)
def export_(name: str, context: ContextDep, format: Literal["csv", "json"] = "csv") -> Response:
    """Without pseudonyms, comments, texts and films; under codes before the end."""
    data, kind = export_of(name, format, context)
    headers = {"Content-Disposition": f'attachment; filename="reader-study.{format}"'}
    return Response(data, media_type=kind, headers=headers)


def seen_by(entry: StudyEntry, shelf: Shelf, context: Context) -> StudyEntry:
    """The entry without what only its leaders see: how far each of the others is."""
    if shelf.may_lead(entry, context.actor):
        return entry
    seat = shelf.seat(entry.name, context.actor)
    return entry.model_copy(update={"readers": tuple(one for one in entry.readers if one.reader == seat)})


def reader_of(name: str, reader: str, request: Request, context: Context) -> str:
    """The seat that is asked for, when the actor sits there; without accounts, any seat.

    Raises
    ------
    NotFound
        When there is no such study or seat.
    Forbidden
        When it is another's.
    """
    shelf = context.get(Shelf)
    entry = shelf.entry(name)
    if reader not in {one.reader for one in entry.readers}:
        raise NotFound(kind="reader", name=reader)
    if request.app.state.accounts and shelf.seat(name, context.actor) != reader:
        raise Forbidden(role="reader")
    return reader


def figures_of(name: str, context: Context) -> Evaluation:
    """What the readers answered and how far they agree.

    Raises
    ------
    Forbidden
        For a reader, before the end.
    """
    shelf = context.get(Shelf)
    entry = shelf.entry(name)
    if not (entry.finished or shelf.may_lead(entry, context.actor)):
        raise Forbidden(role="senior")
    return agreement(ReadersRequest(study=shelf.existing(name), key=shelf.key_if_told(entry)), context)


def export_of(name: str, kind: Literal["csv", "json"], context: Context) -> tuple[bytes, str]:
    """The answers as a file, and its media type.

    Raises
    ------
    Forbidden
        For anyone but the owner and seniors.
    """
    shelf = context.get(Shelf)
    entry = shelf.entry(name)
    if not shelf.may_lead(entry, context.actor):
        raise Forbidden(role="senior")
    AuditLog.from_context(context).write("reader_study_export", name=name)
    with TemporaryDirectory(prefix="prosvet-") as folder, StudyFile(shelf.existing(name)) as study:
        path = Path(folder) / f"answers.{kind}"
        export(standing(study, shelf.key_if_told(entry)), path)
        return path.read_bytes(), "text/csv; charset=utf-8" if kind == "csv" else "application/json"
