"""Reader studies: the list and a new one, a study for its owner, and the reader's blind desk."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.routes.reader_study import figures_of, reader_of
from prosvet.app.web.render import page
from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema_work import Cohort, CohortStudy
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest
from prosvet.core.i18n import Lang
from prosvet.evaluation.card.words import metric_name
from prosvet.evaluation.readers.desk import AnswerIn, MarkIn, next_task, record
from prosvet.evaluation.readers.file import StudyFile
from prosvet.evaluation.readers.from_archive import ARCHIVE, MOST, SIGNED, ArchiveStudy, create_from_archive
from prosvet.evaluation.readers.shelf import Shelf, StudyEntry
from prosvet.evaluation.result import Evaluation
from prosvet.language.vocabulary import SYNDROMES, vocabulary
from prosvet.models.card import cards

__all__ = ["router"]

router = APIRouter()

_MARKS = TypeAdapter(tuple[MarkIn, ...])


@router.get("/reader-study")
def studies_page(request: Request, context: ContextDep) -> HTMLResponse:
    """Every study on the shelf, and the form of a new one."""
    shelf = context.get(Shelf)
    entries = [(entry, shelf.may_lead(entry, context.actor), _mine(entry, shelf, context)) for entry in shelf.entries()]
    values = {
        "entries": [(*one, datetime.fromisoformat(one[0].created)) for one in entries],
        "systems": [ARCHIVE, SIGNED, *sorted(cards(context.settings.home))], "cohorts": _cohorts(context),
        "syndromes": SYNDROMES, "most": MOST,
    }  # fmt: skip
    return page(request, context, "reader_study.html", **values)


@router.post("/reader-study")
def create(
    context: ContextDep,
    name: Annotated[str, Form(max_length=60)],
    systems: Annotated[list[str], Form()],
    mode: Annotated[Literal["preference", "errors"], Form()] = "preference",
    title: Annotated[str, Form(max_length=200)] = "",
    cohort: Annotated[str, Form(max_length=20)] = "",
    concept: Annotated[str, Form(max_length=64)] = "",
    source: Annotated[str, Form(max_length=100)] = "",
    cases: Annotated[int, Form(ge=1, le=MOST)] = 20,
    readers: Annotated[int, Form(ge=1, le=20)] = 2,
    per_case: Annotated[int, Form(ge=1, le=20)] = 2,
    overlap: Annotated[int, Form(ge=0, le=MOST)] = 0,
    lang: Annotated[Lang | None, Form()] = None,
    csrf: Annotated[str, Form()] = "",
) -> Response:
    """Make a study and show it."""
    filters = StudyFilter(concepts=(concept,) if concept else (), source=source.strip() or None)
    asked = {
        "name": name.strip(), "systems": tuple(systems), "mode": mode, "title": title.strip(), "filters": filters,
        "cohort": int(cohort) if cohort.isdecimal() else None, "cases": cases, "readers": readers,
        "per_case": per_case, "overlap": overlap, "lang": lang,
    }  # fmt: skip
    try:
        request = ArchiveStudy.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        reason = "reader_study_name" if first["loc"][:1] == ("name",) else first["msg"]
        raise InvalidRequest(name=".".join(map(str, first["loc"])), reason=reason) from None
    entry = create_from_archive(request, context)
    return Response(status_code=204, headers={"HX-Redirect": f"/reader-study/{quote(entry.name)}"})


@router.get("/reader-study/{name}")
def study_page(name: str, request: Request, context: ContextDep) -> HTMLResponse:
    """A study: progress and figures for its leaders, the desk for its readers, the names after the end."""
    shelf = context.get(Shelf)
    entry = shelf.entry(name)
    leads = shelf.may_lead(entry, context.actor)
    shown = entry.finished or (leads and entry.answered > 0)
    found = figures_of(name, context) if shown else None
    values = {
        "entry": entry, "leads": leads, "seat": shelf.seat(name, context.actor), "found": found,
        "created": datetime.fromisoformat(entry.created),
        "metric": {one: metric_name(one, context.lang) for one in found.metrics} if found is not None else {},
        "metrics": _main(found) if found is not None else [],
    }  # fmt: skip
    return page(request, context, "reader_study_one.html", **values)


@router.post("/reader-study/{name}/seat")
def take_seat(name: str, context: ContextDep, csrf: Annotated[str, Form()] = "") -> RedirectResponse:
    """Take a free seat, or return to one's own."""
    seat = context.get(Shelf).take_seat(name, context.actor)
    return RedirectResponse(_desk(name, seat), 303)


@router.get("/reader-study/{name}/read")
def desk_page(name: str, request: Request, context: ContextDep, reader: str = "") -> HTMLResponse:
    """The next item of a reader, blind; thanks after the last."""
    seat = reader_of(name, reader or context.get(Shelf).seat(name, context.actor) or "", request, context)
    shelf = context.get(Shelf)
    with StudyFile(shelf.existing(name)) as study:
        task = next_task(study, seat)
        title = study.info()["title"] or name
    entry = shelf.entry(name) if task is None else None
    if task is not None:
        AuditLog.from_context(context).write("reader_study_item", name=name, task=task.task)
    values = {
        "name": name, "title": title, "seat": seat, "task": task, "entry": entry,
        "concepts": _concepts(context.lang),
    }  # fmt: skip
    return page(request, context, "reader_study_desk.html", **values)


@router.post("/reader-study/{name}/read")
def desk_answer(
    name: str,
    request: Request,
    context: ContextDep,
    reader: Annotated[str, Form(max_length=32)],
    task: Annotated[int, Form(ge=1, le=2**63 - 1)],
    choice: Annotated[Literal["left", "right", "tie"] | None, Form()] = None,
    marks: Annotated[str, Form(max_length=200_000)] = "",
    comment: Annotated[str, Form(max_length=2000)] = "",
    seconds: Annotated[str, Form(max_length=20)] = "",
    csrf: Annotated[str, Form()] = "",
) -> RedirectResponse:
    """Keep an answer and go on."""
    seat = reader_of(name, reader, request, context)
    given = AnswerIn(choice=choice, marks=_marks(marks), comment=comment, seconds=_seconds(seconds))
    with StudyFile(context.get(Shelf).existing(name)) as study:
        record(study, seat, task, given)
    AuditLog.from_context(context).write("reader_study_answer", name=name, task=task)
    return RedirectResponse(_desk(name, seat), 303)


def _desk(name: str, seat: str) -> str:
    return f"/reader-study/{quote(name)}/read?{urlencode({'reader': seat})}"


def _marks(given: str) -> tuple[MarkIn, ...]:
    if not given:
        return ()
    try:
        return _MARKS.validate_python(json.loads(given))
    except (ValueError, RecursionError):
        raise InvalidRequest(name="marks", reason="not_json") from None


def _seconds(given: str) -> float | None:
    """Reading time as the page measured it; None, and the study measures from the showing, when it did not."""
    try:
        value = float(given)
    except ValueError:
        return None
    return value if 0 <= value <= 86_400 else None


def _mine(entry: StudyEntry, shelf: Shelf, context: Context) -> tuple[int, int] | None:
    seat = shelf.seat(entry.name, context.actor)
    return next(((one.answered, one.asked) for one in entry.readers if one.reader == seat), None)


def _cohorts(context: Context) -> list[tuple[int, str, int]]:
    """Cohorts that the actor may read from: number, name, size."""
    size = select(func.count()).where(CohortStudy.cohort_id == Cohort.id).scalar_subquery()
    query = select(Cohort.id, Cohort.name, size).order_by(Cohort.created.desc()).limit(200)
    if not context.actor.may("senior"):
        query = query.where(Cohort.owner == context.actor.name)
    with context.get(Store).read() as db:
        return [(number, name, count) for number, name, count in db.execute(query)]


def _main(found: Evaluation) -> list[str]:
    """The figures to show: what was judged, then agreement; kinds of error stay in the table."""
    kinds = ("missed", "false", "wrong_place", "wrong_severity")
    return [name for name in found.metrics if not name.startswith(kinds)]


def _concepts(lang: Lang) -> list[tuple[str, str]]:
    named = [
        (one.id, one.names[lang]) for one in vocabulary().concepts.values() if one.id not in ("normal", "abnormal")
    ]
    return sorted(named, key=lambda pair: pair[1].casefold())
