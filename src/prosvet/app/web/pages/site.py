"""/site: what this site reads with, its adapters, global against local, the history and the way back."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse

from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.uploads import kept
from prosvet.app.jobs.rescoring import read_again
from prosvet.app.web.render import page
from prosvet.app.web.site_chart import difference_line, scale_of
from prosvet.core.context import Context
from prosvet.core.errors import ProsvetError
from prosvet.models.adapter import AdapterCard, SitePoint
from prosvet.models.card import load_card
from prosvet.training.site import fit_api
from prosvet.training.site.api import SiteRequest, SiteResult
from prosvet.training.site.api import run as site
from prosvet.training.site.compare_api import CompareSiteRequest, CompareSiteResult
from prosvet.training.site.compare_api import run as compare

__all__ = ["router"]

router = APIRouter(prefix="/site", dependencies=[Depends(require("reader"))])

_SENIOR = [Depends(require("senior"))]


@router.get("")
def site_page(
    request: Request, context: ContextDep, adapter: Annotated[int | None, Query(ge=1, le=2**31)] = None
) -> HTMLResponse:  # fmt: skip
    """The whole page; `adapter` chooses whose figures are shown."""
    found = site(SiteRequest(), context)
    shown = (
        adapter or found.deployment.adapter or next((row.version for row in found.adapters if not row.problem), None)
    )
    return page(request, context, "site.html", found=found, shown=shown, **_chosen(shown, found, context))


@router.post("/fit", dependencies=_SENIOR)
def fit(
    context: ContextDep,
    labels: Annotated[UploadFile | None, File()] = None,
    name: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Fit an adapter from a table, or from the marks where no file is given."""
    with TemporaryDirectory(prefix="prosvet-") as folder:
        path = kept(labels, Path(folder)) if labels is not None and labels.filename else None
        result = fit_api.run(fit_api.FitRequest(labels=path, marks=path is None, name=name), context)
    return Response(status_code=204, headers={"HX-Redirect": f"/site?adapter={result.card.version}"})


@router.post("/compare")
def compare_part(
    request: Request,
    context: ContextDep,
    adapter: Annotated[int, Form(ge=1, le=2**31)],
    labels: Annotated[UploadFile | None, File()] = None,
) -> HTMLResponse:
    """The table on other patients; from the marks where no file is given."""
    with TemporaryDirectory(prefix="prosvet-") as folder:
        path = kept(labels, Path(folder)) if labels is not None and labels.filename else None
        result = compare(CompareSiteRequest(adapter=adapter, labels=path, marks=path is None), context)
    return page(request, context, "_site_compare.html", **_table(result))


@router.post("/use", dependencies=_SENIOR)
def use(
    context: ContextDep,
    adapter: Annotated[int, Form(ge=0, le=2**31)],
    why: Annotated[str, Form(max_length=2000)] = "",
    by: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Put an adapter in force."""
    site(SiteRequest(action="use", adapter=adapter, why=why, by=by, rescore=False), context)
    return _again(context)


@router.post("/back", dependencies=_SENIOR)
def back(
    context: ContextDep,
    to: Annotated[int | None, Form(ge=0, le=2**31)] = None,
    why: Annotated[str, Form(max_length=2000)] = "",
    by: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Go back."""
    site(SiteRequest(action="back", to=to, why=why, by=by, rescore=False), context)
    return _again(context)


def _again(context: Context) -> Response:
    read_again(context)
    return RedirectResponse("/site", 303)


def _chosen(shown: int | None, found: SiteResult, context: Context) -> dict[str, Any]:
    """The card and the figures of the adapter that is shown, or why there are none."""
    if shown is None:
        return {"card": None, "row": None, "compared": None, "refused": "", "moved": ()}
    row = next((one for one in found.adapters if one.version == shown), None)
    try:
        card = site(SiteRequest(action="show", adapter=shown), context).card
        result = compare(CompareSiteRequest(adapter=shown), context)
    except ProsvetError as error:
        if row is None:
            raise
        return {"card": None, "row": row, "compared": None, "moved": (), "refused": error.message(context.lang)}
    return {"card": card, "row": row, "refused": "", "moved": _moved(card, context)} | _table(result)


def _moved(card: AdapterCard | None, context: Context) -> list[tuple[str, str, float, SitePoint]]:
    """Thresholds that differ from the model's own: finding, operating point, the model's, the site's."""
    if card is None:
        return []
    base = load_card(card.model, context.settings.home)
    return [
        (finding, point, base.operating_points[point][finding].threshold, at)
        for finding, one in card.findings.items()
        for point, at in one.points.items()
        if finding in base.operating_points.get(point, {})
    ]


def _table(result: CompareSiteResult) -> dict[str, Any]:
    widest = scale_of([one.compared for one in result.rows])
    lines = [(one, difference_line(one.compared, widest)) for one in result.rows]
    return {"compared": result, "lines": lines}
