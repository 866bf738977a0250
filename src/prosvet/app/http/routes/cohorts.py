"""`/v1/cohorts`: named sets of studies, over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import ConfigDict, Field

from prosvet.app.http.deps import ContextDep
from prosvet.core.types import Frozen
from prosvet.search.api import DEEPEST, SearchRequest
from prosvet.search.cohorts.api import run
from prosvet.search.cohorts.shapes import CohortComparison, CohortRequest, CohortResult, CohortView, Format
from prosvet.search.query import ParsedQuery

__all__ = ["CohortBody", "CohortChange", "file_answer", "router"]

router = APIRouter(prefix="/v1", tags=["cohorts"])

Number = Annotated[int, Path(ge=1, lt=2**63, description="Number of the cohort.")]
Name = Annotated[str, Field(min_length=1, max_length=120, description="Its name.")]
Studies = Annotated[tuple[str, ...], Field(max_length=100_000, description="Ids of studies.")]


class CohortBody(Frozen):
    """What to save: `studies`, or what a question finds. No file of the server is ever named here."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Pneumothorax", "text": "pneumothorax", "how": "all"}]}
    )

    name: Name
    studies: Studies = ()
    text: str | None = Field(default=None, max_length=10_000, description="A query in Russian or English.")
    query: ParsedQuery | None = Field(default=None, description="A query as `/v1/search` gave it back.")
    stored_image: int | None = Field(default=None, ge=1, lt=2**63, description="Studies like this film.")
    stored_report: int | None = Field(default=None, ge=1, lt=2**63, description="Studies like this report.")
    where: str = Field(default="", max_length=10_000, description="Conditions: sex=F age>=60 label=pneumothorax …")
    in_: Literal["images", "reports"] | None = Field(default=None, alias="in", description="images or reports only.")
    how: Literal["all", "top"] = Field(default="all", description="All that meet the question, or the best `k`.")
    k: int = Field(default=100, ge=1, le=DEEPEST, description="How many hits `top` takes.")

    def request(self, context: ContextDep) -> CohortRequest:
        """The capability's own request."""
        if self.studies:
            return CohortRequest(action="save", name=self.name, studies=self.studies, query=self.query)
        asked = self.model_dump(include={"text", "stored_image", "stored_report", "where", "k"})
        search = SearchRequest.model_validate(asked | {"query": self.query, "in": self.in_, "lang": context.lang})
        return CohortRequest(action="save", name=self.name, search=search, how=self.how)


class CohortChange(Frozen):
    """A new name, studies to take out, or both."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Pneumothorax, checked"}]})

    name: Name | None = None
    remove: Studies = ()


@router.get("/cohorts")
def list_cohorts(context: ContextDep) -> CohortResult:
    """One's own cohorts; a senior's are everybody's."""
    return run(CohortRequest(action="list"), context)


@router.post("/cohorts", status_code=201)
def save_cohort(body: CohortBody, context: ContextDep) -> CohortView:
    """Keep the result of a search, or chosen studies, under a name."""
    return run(body.request(context), context).cohorts[0]


@router.get("/cohorts/compare")
def compare_cohorts(
    context: ContextDep,
    cohort: Annotated[list[int], Query(min_length=2, max_length=12, description="Numbers of the cohorts.")],
) -> CohortComparison | None:
    """Sizes, studies in common, sex, age and findings."""
    first, *others = (str(number) for number in cohort)
    return run(CohortRequest(action="compare", cohort=first, others=tuple(others)), context).comparison


@router.get("/cohorts/{cohort}")
def show_cohort(
    cohort: Number,
    context: ContextDep,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many studies.")] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000, description="Skip so many first.")] = 0,
) -> CohortResult:
    """A cohort with a page of its studies."""
    return run(CohortRequest(action="show", cohort=str(cohort), limit=limit, offset=offset), context)


@router.patch("/cohorts/{cohort}")
def change_cohort(cohort: Number, body: CohortChange, context: ContextDep) -> CohortView:
    """Rename a cohort, or take studies out of it; they stay in the archive."""
    changed = run(CohortRequest(action="show", cohort=str(cohort), limit=1), context)
    if body.name is not None:
        changed = run(CohortRequest(action="rename", cohort=str(cohort), name=body.name), context)
    if body.remove:
        changed = run(CohortRequest(action="remove", cohort=str(cohort), studies=body.remove), context)
    return changed.cohorts[0]


@router.delete("/cohorts/{cohort}")
def delete_cohort(cohort: Number, context: ContextDep) -> CohortView:
    """Forget a cohort; its studies stay in the archive."""
    return run(CohortRequest(action="delete", cohort=str(cohort)), context).cohorts[0]


@router.get(
    "/cohorts/{cohort}/export",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}, "text/plain": {}}, "description": "The file."}},
)
def export_cohort(
    cohort: Number, context: ContextDep, format: Annotated[Format, Query(description="What kind of file.")] = "csv"
) -> Response:  # fmt: skip
    """A table, a manifest or a list of DICOM objects; ``X-Left-Out`` counts films that have no place in it."""
    return file_answer(run(CohortRequest(action="export", cohort=str(cohort), format=format), context))


def file_answer(result: CohortResult) -> Response:
    """An export as a download."""
    made = result.file
    if made is None:  # an export always has one; a defect if not
        raise RuntimeError("an export without a file")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.name)}",
        "X-Rows": str(made.rows),
        "X-Left-Out": str(len(made.left_out)),
    }
    # A byte order mark: without it spreadsheets read Cyrillic as something else.
    body = ("\ufeff" if made.media_type == "text/csv" else "") + made.text
    return Response(body.encode(), media_type=f"{made.media_type}; charset=utf-8", headers=headers)
