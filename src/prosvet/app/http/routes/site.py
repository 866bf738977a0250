"""`/v1/site`: what the site reads with, its adapters, global against local, and the way back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import ConfigDict, Field

from prosvet.app.http.accepted import accepted
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.uploads import BodyOf
from prosvet.app.jobs.rescoring import read_again
from prosvet.app.jobs.view import JobView
from prosvet.core.types import Frozen
from prosvet.training.site import api, compare_api, fit_api
from prosvet.training.site.api import SiteRequest, SiteResult
from prosvet.training.site.compare_api import CompareSiteRequest, CompareSiteResult
from prosvet.training.site.fit_api import FitRequest, FitResult
from prosvet.training.site.rescore_api import RescoreRequest

__all__ = ["router"]

router = APIRouter(prefix="/v1/site", tags=["site"], dependencies=[Depends(require("reader"))])

_FIT, _COMPARE = BodyOf(FitRequest), BodyOf(CompareSiteRequest)
_SENIOR = [Depends(require("senior"))]
_Version = Annotated[int, Path(ge=1, le=2**31)]


def _example(**body: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [body]})


class UseBody(Frozen):
    """Which adapter, who decides, and why."""

    model_config = _example(adapter=1, by="petrova", why="Better on the films of May.")

    adapter: int = Field(ge=0, le=2**31, description="Its version; 0 reads without one.")
    by: str = Field(default="", max_length=60, description="Who decides, where nobody signs in.")
    why: str = Field(max_length=2000)


class BackBody(Frozen):
    """Where to, who decides, and why."""

    model_config = _example(by="petrova", why="Too many false alarms since Monday.")

    to: int | None = Field(default=None, ge=0, le=2**31, description="A version of the history; the one before.")
    by: str = Field(default="", max_length=60, description="Who decides, where nobody signs in.")
    why: str = Field(max_length=2000)


@router.get("", summary="Show the site's model")
def site(context: ContextDep) -> SiteResult:
    """What the site reads with, the history of deployments, the adapters."""
    return api.run(SiteRequest(), context)


@router.get("/adapters/{version}", summary="Show an adapter")
def adapter(version: _Version, context: ContextDep) -> SiteResult:
    """The card of one adapter."""
    return api.run(SiteRequest(action="show", adapter=version), context)


@router.post("/fit", summary="Fit an adapter", openapi_extra=_FIT.openapi(), dependencies=_SENIOR)
def fit(request: Annotated[FitRequest, Depends(_FIT)], context: ContextDep) -> FitResult:
    """Labels (CSV: id, findings) or the marks: an adapter, kept and not yet used."""
    return fit_api.run(request, context)


@router.get("/compare", summary="Compare an adapter on its own films")
def compared(
    context: ContextDep, adapter: Annotated[int | None, Query(ge=1, le=2**31)] = None
) -> CompareSiteResult:  # fmt: skip
    """Global against local, each film out of its fold."""
    return compare_api.run(CompareSiteRequest(adapter=adapter), context)


@router.post("/compare", summary="Compare an adapter on other patients", openapi_extra=_COMPARE.openapi())
def compare(request: Annotated[CompareSiteRequest, Depends(_COMPARE)], context: ContextDep) -> CompareSiteResult:
    """Global against local on labelled films of patients that the adapter has not seen."""
    return compare_api.run(request, context)


@router.post("/use", summary="Put an adapter in force", dependencies=_SENIOR)
def use(body: UseBody, context: ContextDep) -> SiteResult:
    """From the next request on the site reads with it; a job scores the films of the archive again."""
    request = SiteRequest(action="use", adapter=body.adapter, by=body.by, why=body.why, rescore=False)
    result = api.run(request, context)
    read_again(context)
    return result


@router.post("/back", summary="Return to an earlier model", dependencies=_SENIOR)
def back(body: BackBody, context: ContextDep) -> SiteResult:
    """A roll-back is a new line of the history; a job scores the films of the archive again."""
    result = api.run(SiteRequest(action="back", to=body.to, by=body.by, why=body.why, rescore=False), context)
    read_again(context)
    return result


@router.post("/rescore", status_code=202, summary="Score the archive again", dependencies=_SENIOR)
def rescore(response: Response, context: ContextDep) -> JobView:
    """Put a job in: scores and claims of the model in force, from what is kept of the films."""
    return accepted("site.rescore", RescoreRequest(), response, context)
