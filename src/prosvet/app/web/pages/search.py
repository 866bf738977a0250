"""The page /search: one box, the query as chips, films and reports with the reasons why they were found."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from starlette.datastructures import QueryParams

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.errors import error_body
from prosvet.app.web.examples import Examples
from prosvet.app.web.kept import Kept, KeptQuestions
from prosvet.app.web.render import page
from prosvet.app.web.search_chips import concept_chips, filter_chips, set_filter, with_concept
from prosvet.app.web.search_state import PAGE, SearchState
from prosvet.app.web.search_words import helpers
from prosvet.archive.lookup_sources import sources
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ImageError, NotFound, OversizedFile, ProsvetError, QueryError
from prosvet.core.types import Status
from prosvet.imaging.load import load_bytes
from prosvet.imaging.thumbnail import thumbnail
from prosvet.index.service import Kind
from prosvet.search.api import DEEPEST, Hit, SearchResult, answer, ask
from prosvet.search.ask import Question, ask_image, ask_report
from prosvet.search.cohorts.api import CohortRequest
from prosvet.search.cohorts.api import run as run_cohort
from prosvet.search.members import has_conditions, members
from prosvet.search.query import parse_query
from prosvet.search.suggest import suggest
from prosvet.search.where import parse_where

__all__ = ["router"]

router = APIRouter(prefix="/search")

_REFUSALS = (QueryError, ImageError, NotFound)
_PICTURE = 256  # pixels
_FINDINGS = 5  # of a hit


@dataclass(frozen=True)
class _Shown:
    """A hit with its excerpt cut at the marks, the film that stands for it, and who says what it has."""

    hit: Hit
    pieces: tuple[tuple[str, bool], ...]
    film: int | None
    said: tuple[str, ...]
    model: tuple[str, ...]


@router.get("")
def search_page(request: Request, context: ContextDep) -> Response:
    """The page, or (for htmx) what is below its heading."""
    try:
        asked = SearchState.of(request.query_params)
        if "set" in request.query_params:
            return _set(request, asked, context)
        if not asked.asks:
            return _render(request, context, SearchState(kind=asked.kind), examples=context.get(Examples).of(context))
        return _answered(request, asked, context)
    except _REFUSALS as error:
        return _refused(request, error, context)


def _set(request: Request, state: SearchState, context: Context) -> Response:
    """A condition was set by its form: the page of the question that follows, under its own address."""
    if state.q.strip() and not (state.edited or state.like):
        state = state.understood(parse_query(state.q, state.where, context.lang), context.lang)
    changed = state.with_filters(set_filter(state.filters, request.query_params), context.lang)
    if not _in_part(request):
        return RedirectResponse(changed.url(), 303)
    made = _answered(request, changed, context)
    made.headers["HX-Push-Url"] = changed.url()
    return made


def _answered(request: Request, state: SearchState, context: Context) -> Response:
    begun = time.perf_counter()
    question, kept = _question(state, context)
    result = answer(question, state.request(context.lang), context)
    understood = state.understood(question.query, context.lang)
    whole = question.asked == "text" and has_conditions(question.query)
    kinds: tuple[Kind, ...] = (state.kind,) if state.kind else ("images", "reports")
    return _render(
        request, context, state, understood=understood, result=result, question=question, kept=kept,
        hits=_shown(result.hits, context), members=len(members(question.query, context, kinds)) if whole else None,
        concepts=[] if state.like else concept_chips(understood, context.lang),
        conditions=filter_chips(understood, context.lang), sources=sources(context.get(Store), context.actor),
        more=_more(understood if not state.like else state, PAGE, result),
        milliseconds=round(1000 * (time.perf_counter() - begun)),
    )  # fmt: skip


def _question(state: SearchState, context: Context) -> tuple[Question, Kept | None]:
    if not state.kept:
        return ask(state.request(context.lang), context), None
    kept = context.get(KeptQuestions).get(state.kept, context.actor)
    narrowed = kept.question.query.model_copy(update={"filters": parse_where(state.where)})
    return replace(kept.question, query=narrowed), kept


def _more(state: SearchState, offset: int, result: SearchResult) -> str:
    """The address of the next hits; empty when there are none."""
    if len(result.hits) < PAGE or offset >= DEEPEST:
        return ""
    return f"/search/more?{state.query_string()}&offset={offset}"


@router.get("/more")
def more_hits(request: Request, context: ContextDep, offset: int = PAGE) -> HTMLResponse:
    """The next hits of a list."""
    state = SearchState.of(request.query_params)
    start = min(max(offset, 0), DEEPEST)
    question, _ = _question(state, context)
    result = answer(question, state.request(context.lang, min(PAGE, max(DEEPEST - start, 1)), start), context)
    more = _more(state, start + PAGE, result)
    return page(request, context, "_search_hits.html", hits=_shown(result.hits, context), more=more)


@router.get("/concepts")
def concepts(request: Request, context: ContextDep, term: str = "") -> HTMLResponse:
    """Concepts for what is being typed, each with the addresses that ask for it, deny it, or ask for its label."""
    state = SearchState.of(request.query_params)
    found = [
        (
            made, with_concept(state, made.concept, Status.PRESENT, context.lang),
            with_concept(state, made.concept, Status.ABSENT, context.lang), _labelled(state, made.concept, context),
        )
        for made in suggest(term[:80], context.lang)
    ]  # fmt: skip
    return page(request, context, "_search_concepts.html", found=found, term=term[:80], like=state.like)


def _labelled(state: SearchState, concept: str, context: Context) -> str:
    form = QueryParams({"set": "label", "label": concept})
    return state.with_filters(set_filter(state.filters, form), context.lang).url()


@router.post("/ask")
def bring(
    request: Request, context: ContextDep, film: Annotated[UploadFile | None, File()] = None,
    report: Annotated[str, Form()] = "", kind: Annotated[str, Form(alias="in")] = "",
) -> Response:  # fmt: skip
    """A film or a report that was brought here: what it asks is kept, the bytes and the words are not."""
    if film is not None and (film.filename or film.size):
        kept = _of_film(film, context)
    elif report.strip():
        question = ask_report(report, "", context.lang, context)
        unsaid = question.query.model_copy(update={"text": "", "free_text": "", "unknown": ()})
        kept = Kept(context.actor.name, "", replace(question, query=unsaid))
    else:
        raise QueryError(reason="nothing_given")
    state = SearchState(kept=context.get(KeptQuestions).put(kept), kind=SearchState.of(QueryParams({"in": kind})).kind)
    if request.headers.get("HX-Request") == "true":
        return Response(status_code=204, headers={"HX-Redirect": state.url()})
    return RedirectResponse(state.url(), 303)


def _of_film(film: UploadFile, context: Context) -> Kept:
    limit = context.settings.max_bytes
    name = (film.filename or "film").rsplit("/", 1)[-1][:180]
    if (film.size or 0) > limit:
        raise OversizedFile(name=name, size=film.size, limit=limit)
    loaded = load_bytes(film.file.read(), name, context.settings)
    question = ask_image(loaded, "", context.lang, context)
    return Kept(context.actor.name, name, question, thumbnail(loaded, _PICTURE))


@router.post("/save")
def save(
    request: Request, context: ContextDep, name: Annotated[str, Form()] = "", how: Annotated[str, Form()] = "all",
    top: Annotated[int, Form(ge=1, le=DEEPEST)] = 100, state: Annotated[str, Form()] = "",
    s: Annotated[list[str] | None, Form()] = None,
) -> HTMLResponse:  # fmt: skip
    """Keep the answer as a cohort: the chosen studies, the best so many, or all that meet the query."""
    asked = SearchState.of(QueryParams(state))
    made = run_cohort(_to_save(asked, name, how, top, tuple(s or ()), context), context)
    return page(request, context, "_search_saved.html", cohort=made.cohorts[0], **helpers(context.lang))


def _to_save(
    state: SearchState, name: str, how: str, top: int, chosen: tuple[str, ...], context: Context
) -> CohortRequest:
    if how == "chosen" and not chosen:
        raise QueryError(reason="none_chosen")
    search = state.request(context.lang, top)
    if how == "chosen" or state.kept:
        question, _ = _question(state, context)
        if how != "chosen":
            hits = answer(question, state.request(context.lang, top), context).hits
            chosen = tuple(dict.fromkeys(hit.study for hit in hits))
        query = question.query if question.asked == "text" else None
        return CohortRequest(action="save", name=name, studies=chosen, query=query)
    return CohortRequest(action="save", name=name, search=search, how="top" if how == "top" else "all")


# -- how it is shown ------------------------------------------------------------------------------------


def _render(request: Request, context: Context, state: SearchState, **values: object) -> HTMLResponse:
    given: dict[str, object] = {
        "understood": state, "result": None, "question": None, "kept": None, "hits": [], "members": None,
        "concepts": [], "conditions": [], "sources": [], "more": "", "milliseconds": 0, "examples": [], "error": None,
        "deepest": DEEPEST, "status": 200,
    }  # fmt: skip
    values = given | helpers(context.lang) | values
    status = values.pop("status")
    template = "_search.html" if _in_part(request) else "search.html"
    return page(request, context, template, status if isinstance(status, int) else 200, state=state, **values)


def _refused(request: Request, error: ProsvetError, context: Context) -> HTMLResponse:
    """The page with what was asked still in the box, and what is wrong with it."""
    state = SearchState(q=request.query_params.get("q", "")[:10_000])
    return _render(
        request, context, state, error=error_body(error, context.lang).error, status=error.http_status,
        examples=context.get(Examples).of(context),
    )  # fmt: skip


def _in_part(request: Request) -> bool:
    """htmx asks for the part, but for the whole page when it goes back in the history."""
    return request.headers.get("HX-Request") == "true" and "HX-History-Restore-Request" not in request.headers


def _shown(hits: tuple[Hit, ...], context: Context) -> list[_Shown]:
    films = _first_films([hit.study for hit in hits if hit.image is None], context)
    return [
        _Shown(hit, tuple(_pieces(hit)), hit.image or films.get(hit.study), _few(hit.said),
               _few(tuple(concept for concept in hit.concepts if concept not in hit.said)))
        for hit in hits
    ]  # fmt: skip


def _few(concepts: tuple[str, ...]) -> tuple[str, ...]:
    """The first of them; "abnormal" says nothing beside what is abnormal."""
    return tuple(concept for concept in concepts if concept != "abnormal" or len(concepts) == 1)[:_FINDINGS]


def _pieces(hit: Hit) -> list[tuple[str, bool]]:
    pieces, place = [], 0
    for start, end in hit.marks:
        pieces += [(hit.excerpt[place:start], False), (hit.excerpt[start:end], True)]
        place = end
    return [piece for piece in [*pieces, (hit.excerpt[place:], False)] if piece[0]]


def _first_films(studies: list[str], context: Context) -> dict[str, int]:
    query = select(Image.study_id, func.min(Image.id)).where(Image.study_id.in_(studies)).group_by(Image.study_id)
    with context.get(Store).read() as db:
        return {study: image for study, image in db.execute(query)}
