"""The pages /cohorts and /cohorts/ID: kept sets of studies, compared, looked through, exported."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from prosvet.app.http.deps import ContextDep
from prosvet.app.web.render import page
from prosvet.app.web.search_state import SearchState
from prosvet.app.web.search_words import helpers
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.search.cohorts.api import run
from prosvet.search.cohorts.shapes import CohortOrigin, CohortRequest, CohortResult
from prosvet.search.where import write_where
from prosvet.search.written import write_query

__all__ = ["router"]

router = APIRouter(prefix="/cohorts")

PAGE = 48
Number = Annotated[int, Path(ge=1, lt=2**63)]


@router.get("")
def cohorts_page(request: Request, context: ContextDep) -> HTMLResponse:
    """The list."""
    found = run(CohortRequest(action="list"), context).cohorts
    rows = [(cohort, question(cohort.origin, context.lang)) for cohort in found]
    largest = max((cohort.size for cohort in found), default=1)
    return page(request, context, "cohorts.html", rows=rows, largest=max(largest, 1), **helpers(context.lang))


@router.get("/compare")
def compare(
    request: Request, context: ContextDep, c: Annotated[list[int] | None, Query(max_length=12)] = None
) -> HTMLResponse:
    """Several cohorts beside each other."""
    first, *others = [str(number) for number in c or [0]]
    made = run(CohortRequest(action="compare", cohort=first, others=tuple(others)), context)
    return page(request, context, "cohorts_compare.html", made=made.comparison, **helpers(context.lang))


@router.get("/{cohort}")
def cohort_page(
    cohort: Number, request: Request, context: ContextDep, offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0
) -> HTMLResponse:
    """A cohort's studies, a page at a time."""
    result = _show(cohort, offset, context)
    view = result.cohorts[0]
    return page(
        request, context, "cohort.html", cohort=view, studies=result.studies, total=result.total, offset=offset,
        size=PAGE, question=question(view.origin, context.lang), again=again(view.origin, context.lang),
        **helpers(context.lang),
    )  # fmt: skip


def _show(cohort: int, offset: int, context: Context) -> CohortResult:
    return run(CohortRequest(action="show", cohort=str(cohort), limit=PAGE, offset=offset), context)


@router.post("/{cohort}/name")
def rename(cohort: Number, context: ContextDep, name: Annotated[str, Form()] = "") -> Response:
    """Another name."""
    run(CohortRequest(action="rename", cohort=str(cohort), name=name), context)
    return _back(f"/cohorts/{cohort}")


@router.post("/{cohort}/remove")
def remove(cohort: Number, context: ContextDep, s: Annotated[list[str] | None, Form()] = None) -> Response:
    """Take the ticked studies out."""
    run(CohortRequest(action="remove", cohort=str(cohort), studies=tuple(s or ())), context)
    return _back(f"/cohorts/{cohort}")


@router.post("/{cohort}/delete")
def delete(cohort: Number, context: ContextDep) -> Response:
    """Forget the cohort."""
    run(CohortRequest(action="delete", cohort=str(cohort)), context)
    return _back("/cohorts")


def _back(url: str) -> Response:
    """To the page that shows what was done; the forms are plain, so every browser follows."""
    return RedirectResponse(url, 303)


def question(origin: CohortOrigin, lang: Lang) -> str:
    """The question behind a cohort, in words."""
    if origin.query is None:
        return ""
    return origin.text or " · ".join(
        part for part in (write_query(origin.query, lang), write_where(origin.query.filters)) if part
    )


def again(origin: CohortOrigin, lang: Lang) -> str:
    """The address that asks the question anew; empty where it was asked by a film or a report."""
    if origin.query is None or origin.asked != "text":
        return ""
    return SearchState().understood(origin.query, lang).url()
