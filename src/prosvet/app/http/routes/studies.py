"""`/v1/studies`: what the archive holds, one study, its erasure."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from prosvet.app.http.deps import ContextDep, require
from prosvet.archive.filters import StudyFilter
from prosvet.archive.studies_api import StudiesRequest, StudiesResult, StudyView, run

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["studies"])


class Page(StudyFilter):
    """Conditions that must all hold, and which part of what they leave."""

    limit: int = Field(default=50, ge=1, le=1000, description="At most so many.")
    offset: int = Field(default=0, ge=0, le=1_000_000_000, description="Skip so many first.")


@router.get("/studies", summary="List studies")
def list_(page: Annotated[Page, Query()], context: ContextDep) -> StudiesResult:
    """A page of the studies that match, in the order of their ids, and how many match in all."""
    filters = StudyFilter.model_validate(page.model_dump(exclude={"limit", "offset"}))
    return run(StudiesRequest(filters=filters, limit=page.limit, offset=page.offset), context)


@router.get("/studies/{study}", summary="Show a study")
def show(study: str, context: ContextDep) -> StudyView:
    """One study with its findings and reports; each look is in the audit log."""
    return run(StudiesRequest(action="show", study=study), context).studies[0]


@router.delete("/studies/{study}", summary="Erase a study", dependencies=[Depends(require("admin"))])
def erase(study: str, context: ContextDep) -> StudyView:
    """Erase a study with its films, reports and all that was derived from them; answers with what was erased."""
    return run(StudiesRequest(action="erase", study=study), context).studies[0]
