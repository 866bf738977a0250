"""`POST /v1/evaluate/…` and `POST /v1/compare`: figures with intervals from uploaded files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf
from prosvet.evaluation import compare_api
from prosvet.evaluation.compare_api import CompareRequest, CompareResult
from prosvet.evaluation.findings import api as findings_api
from prosvet.evaluation.findings.api import FindingsRequest
from prosvet.evaluation.reports import api as reports_api
from prosvet.evaluation.reports.api import ReportsRequest
from prosvet.evaluation.result import Evaluation
from prosvet.evaluation.retrieval import api as retrieval_api
from prosvet.evaluation.retrieval.api import RetrievalRequest
from prosvet.evaluation.vqa import api as vqa_api
from prosvet.evaluation.vqa.api import VqaRequest

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["evaluation"])

_FINDINGS = BodyOf(FindingsRequest, without=("form",))
_REPORTS = BodyOf(ReportsRequest, without=("bertscore", "bertscore_layer", "radgraph", "wordnet"))
_RETRIEVAL = BodyOf(RetrievalRequest)
# Films of a benchmark are files named in it: over HTTP its questions are scored, never asked.
_VQA = BodyOf(VqaRequest, without=("images", "answerer", "answers"))
_COMPARE = BodyOf(CompareRequest)


@router.post("/evaluate/findings", summary="Evaluate findings", openapi_extra=_FINDINGS.openapi())
def findings(request: Annotated[FindingsRequest, Depends(_FINDINGS)], context: ContextDep) -> Evaluation:
    """Scores of films (CSV, as `prosvet read --csv` writes it) against labels (CSV)."""
    return findings_api.run(request, context)


@router.post("/evaluate/reports", summary="Evaluate reports", openapi_extra=_REPORTS.openapi())
def reports(request: Annotated[ReportsRequest, Depends(_REPORTS)], context: ContextDep) -> Evaluation:
    """Generated reports against references, both JSON Lines of `{"id", "text"}`."""
    return reports_api.run(request, context)


@router.post("/evaluate/retrieval", summary="Evaluate retrieval", openapi_extra=_RETRIEVAL.openapi())
def retrieval(request: Annotated[RetrievalRequest, Depends(_RETRIEVAL)], context: ContextDep) -> Evaluation:
    """A run of queries with their hits against what should have been found, both JSON Lines."""
    return retrieval_api.run(request, context)


@router.post("/evaluate/vqa", summary="Evaluate answers to questions", openapi_extra=_VQA.openapi())
def vqa(request: Annotated[VqaRequest, Depends(_VQA)], context: ContextDep) -> Evaluation:
    """Answers (JSON Lines) to the questions of a published benchmark."""
    return vqa_api.run(request, context)


@router.post("/compare", summary="Compare two evaluations", openapi_extra=_COMPARE.openapi())
def compare(request: Annotated[CompareRequest, Depends(_COMPARE)], context: ContextDep) -> CompareResult:
    """Better, worse or cannot tell: of the second card against the first, by a paired bootstrap over patients."""
    if "lang" not in request.model_fields_set:
        request = request.model_copy(update={"lang": context.lang})
    return compare_api.run(request, context)
