"""`POST /v1/label` and `POST /v1/check`: findings of a report's text, and what is wrong with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf
from prosvet.language import check_api, label_api
from prosvet.language.check_api import CheckRequest, CheckResult
from prosvet.language.label_api import LabelRequest, LabelResult

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["language"])

_LABEL = BodyOf(LabelRequest, without=("data",))
_CHECK = BodyOf(CheckRequest)


@router.post("/label", summary="Label reports", openapi_extra=_LABEL.openapi())
def label(request: Annotated[LabelRequest, Depends(_LABEL)], context: ContextDep) -> LabelResult:
    """Findings of each report, with the words that decided. Reports come in the body or as a file of them."""
    return label_api.run(request, context)


@router.post("/check", summary="Check a report", openapi_extra=_CHECK.openapi())
def check(request: Annotated[CheckRequest, Depends(_CHECK)], context: ContextDep) -> CheckResult:
    """What is wrong with a text in itself and, where findings are given, against what the film showed."""
    return check_api.run(request, context)
