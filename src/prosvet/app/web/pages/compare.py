"""Two readings of one film side by side, and two evaluations with the differences that chance does not explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf
from prosvet.app.web.charts import difference_bar
from prosvet.app.web.film_choice import recent_studies
from prosvet.app.web.render import page
from prosvet.app.web.words import filters
from prosvet.core.context import Context
from prosvet.core.i18n import text
from prosvet.evaluation import compare_api as runs_api
from prosvet.evaluation.card.words import metric_name
from prosvet.evaluation.compare_api import CompareRequest
from prosvet.models.card import cards
from prosvet.models.deployed import deployed
from prosvet.reading.compare_api import STORED, CompareReadingsRequest, CompareReadingsResult, Row, run

__all__ = ["router"]

router = APIRouter()

_RUNS = BodyOf(CompareRequest)


@dataclass(frozen=True)
class Line:
    """A row of the table of findings: the difference as a bar, and whether either side has a heat map of it."""

    row: Row
    bar: Markup | None
    shown: bool


@router.get("/compare")
def compare_page(
    request: Request,
    context: ContextDep,
    study: Annotated[str, Query(max_length=200)] = "",
    image: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    first: Annotated[str, Query(max_length=100)] = "",
    second: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    """Choose a study and two readings; with a study, both are there at once."""
    known = [*sorted(cards(context.settings.home)), STORED]
    used = deployed(context.settings).model
    one = first or used
    other = second or next((name for name in known if name != one), used)
    wanted = study.strip()
    result = None
    if wanted:
        asked = CompareReadingsRequest(study=wanted, image=image, first=one, second=other)
        result = run(asked, context)
    values = {
        "study": wanted, "readings": known, "first": one, "second": other, "found": result,
        "lines": _lines(result, context) if result is not None else (),
        "concept": _leading(result) if result is not None else None,
        "recent": () if wanted else recent_studies(context),
    }  # fmt: skip
    return page(request, context, "compare.html", **values)


@router.get("/compare/runs")
def compare_runs_page(request: Request, context: ContextDep) -> HTMLResponse:
    """Two evaluations: choose their cards."""
    return page(request, context, "compare_runs.html")


@router.post("/compare/runs")
def compare_runs(
    request: Request, body: Annotated[CompareRequest, Depends(_RUNS)], context: ContextDep
) -> HTMLResponse:  # fmt: skip
    """The table of two evaluations."""
    found = runs_api.run(body.model_copy(update={"lang": context.lang}), context)
    names = {name: metric_name(name, context.lang) for name in found.metrics}
    bars = {name: _run_bar(name, one.value, context) for name, one in found.metrics.items()}
    return page(request, context, "_compare_runs.html", found=found, names=names, bars=bars)


def _lines(found: CompareReadingsResult, context: Context) -> tuple[Line, ...]:
    return tuple(Line(row, _bar(row, context), _has_map(row)) for row in found.rows)


def _bar(row: Row, context: Context) -> Markup | None:
    if row.difference is None:
        return None
    words = filters(context.lang)
    told = text(
        "compare_page.told", context.lang, name=words["concept"](row.concept), value=_signed(row.difference, context)
    )
    return difference_bar(row.difference, told=told)


def _run_bar(name: str, value: float | None, context: Context) -> Markup | None:
    if value is None:
        return None
    told = text("compare_page.told", context.lang, name=metric_name(name, context.lang), value=_signed(value, context))
    return difference_bar(value, told=told)


def _signed(value: float, context: Context) -> str:
    """With its sign, the minus as printers set it."""
    digits = filters(context.lang)["decimal"](abs(value), 2)
    return f"+{digits}" if value > 0 else f"−{digits}" if value < 0 else digits


def _has_map(row: Row) -> bool:
    both = [one for one in (row.first, row.second) if one is not None]
    return any(part.kind == "map" for one in both for part in one.evidence)


def _leading(found: CompareReadingsResult) -> str | None:
    """The finding whose maps are shown first: the first row that has one."""
    return next((row.concept for row in found.rows if _has_map(row)), None)
