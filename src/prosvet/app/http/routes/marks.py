"""`/v1/marks`: the queue, one case at a time, and marks in other tools' formats."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.uploads import BodyOf
from prosvet.core.types import Frozen
from prosvet.training.queue.api import MarksRequest, MarksResult, run
from prosvet.training.queue.exporting import Which
from prosvet.training.queue.fill import RANDOM_SHARE
from prosvet.training.queue.formats import Format
from prosvet.training.queue.lists import State
from prosvet.training.queue.shapes import MarkFinding

__all__ = ["file_answer", "router"]

router = APIRouter(prefix="/v1/marks", tags=["marks"], dependencies=[Depends(require("reader"))])

_SENIOR = [Depends(require("senior"))]
Number = Annotated[int, Path(ge=1, le=2**53, description="Number of the case.")]


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class QueueBody(Frozen):
    """How many films, what share of them by chance, and the seed that repeats the choice."""

    model_config = _example(n=20, random_share=0.2, seed=1)

    n: int = Field(default=50, ge=1, le=10_000)
    random_share: float = Field(default=RANDOM_SHARE, ge=0, le=1)
    seed: int = Field(default=0, ge=0, le=2**31)


class MarkBody(Frozen):
    """What a reader says of the film; a box is (left, top, right, bottom) in its pixels."""

    model_config = _example(
        findings=[{"concept": "nodule", "status": "present", "side": "left", "boxes": [[812, 440, 902.5, 531]]}],
        comment="",
    )

    findings: tuple[MarkFinding, ...] = Field(max_length=200)
    comment: str = Field(default="", max_length=4000)


class SkipBody(Frozen):
    """Why the case is left unmarked."""

    model_config = _example(reason="The film is cut at the bases.")

    reason: str = Field(min_length=1, max_length=500)


class ImportBody(Frozen):
    """A file of marks."""

    file: FilePath
    format: Format = "csv"


_IMPORT = BodyOf(ImportBody)


@router.get("", summary="List the queue")
def list_(
    context: ContextDep,
    state: State = "waiting",
    kind: Annotated[str | None, Query(max_length=40)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> MarksResult:
    """Cases with their reasons, and how far the queue is done; a blind case tells no reason."""
    return run(MarksRequest(action="list", state=state, kind=kind, limit=limit, offset=offset), context)


@router.post("/queue", status_code=201, summary="Fill the queue", dependencies=_SENIOR)
def queue(body: QueueBody, context: ContextDep) -> MarksResult:
    """Choose films by the rule, with a share of chance."""
    return run(MarksRequest(action="queue", n=body.n, random_share=body.random_share, seed=body.seed), context)


@router.post("/next", summary="Take the next case")
def next_(context: ContextDep) -> MarksResult:
    """The case that is open, or the first that nobody has; null when nothing waits."""
    return run(MarksRequest(action="next"), context)


@router.get(
    "/export",
    summary="Export marks",
    dependencies=_SENIOR,
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "text/csv": {}}, "description": "The file."}},
)
def export(context: ContextDep, format: Format = "csv", which: Which = "marked") -> Response:
    """Every mark of every reader with its history, the cases that wait, or both."""
    return file_answer(run(MarksRequest(action="export", format=format, which=which), context))


@router.post("/import", summary="Import marks", openapi_extra=_IMPORT.openapi(), dependencies=_SENIOR)
def import_(body: Annotated[ImportBody, Depends(_IMPORT)], context: ContextDep) -> MarksResult:
    """All of the file or nothing; an error names the place."""
    return run(MarksRequest(action="import", file=body.file, format=body.format), context)


@router.get("/films/{image}", summary="Show the marks of a film")
def history(image: Annotated[int, Path(ge=1, le=2**53)], context: ContextDep) -> MarksResult:
    """All versions; others' marks are shown to seniors and to those who have marked the film themselves."""
    return run(MarksRequest(action="history", image=image), context)


@router.get("/cases/{case}", summary="Show a case")
def show(case: Number, context: ContextDep) -> MarksResult:
    """A case; of a blind one neither the reason nor the model's answer, until it is marked."""
    return run(MarksRequest(action="show", case=case), context)


@router.post("/cases/{case}/begin", summary="Begin a case")
def begin(case: Number, context: ContextDep) -> MarksResult:
    """Take it; from here until the mark, what was found in a blind one is closed to whoever took it."""
    return run(MarksRequest(action="next", case=case), context)


@router.put("/cases/{case}", summary="Save a mark")
def save(case: Number, body: MarkBody, context: ContextDep) -> MarksResult:
    """Keep one's mark as a new version; nobody else's is touched."""
    return run(MarksRequest(action="save", case=case, findings=body.findings, comment=body.comment), context)


@router.post("/cases/{case}/skip", summary="Skip a case")
def skip(case: Number, body: SkipBody, context: ContextDep) -> MarksResult:
    """Leave it unmarked, with a reason."""
    return run(MarksRequest(action="skip", case=case, reason=body.reason), context)


def file_answer(result: MarksResult) -> Response:
    """An export as a download."""
    made = result.file
    if made is None:
        raise RuntimeError("an export without a file")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.name)}"}
    # A byte order mark: without it spreadsheets read Cyrillic as something else.
    body = ("\ufeff" if made.media_type == "text/csv" else "") + made.text
    return Response(body.encode(), media_type=f"{made.media_type}; charset=utf-8", headers=headers)
