"""The worklist for programs: its pages, the next unread study, taking and releasing one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field, model_validator

from prosvet.app.http.deps import ContextDep, require
from prosvet.archive.worklist_api import WorklistRequest, WorklistResult, run
from prosvet.archive.worklist_filter import WorkFilter
from prosvet.archive.worklist_page import Sort

__all__ = ["WorklistQuery", "router"]

router = APIRouter(prefix="/v1", tags=["worklist"])

_OWN = ("sort", "down", "limit", "after", "before")


class WorklistQuery(WorkFilter):
    """The filters and the place in the list, as an address carries them; an empty value counts as not given."""

    sort: Sort = Field(default="priority", description="Column to sort by.")
    down: bool = Field(default=True, description="Highest first.")
    limit: int = Field(default=50, ge=1, le=500, description="Rows of a page.")
    after: str | None = Field(default=None, max_length=1000, description="The page that follows this mark.")
    before: str | None = Field(default=None, max_length=1000, description="The page before this mark; end: the last.")

    @model_validator(mode="before")
    @classmethod
    def _given(cls, values: object) -> object:
        return {k: v for k, v in values.items() if v != ""} if isinstance(values, dict) else values

    @property
    def filters(self) -> WorkFilter:
        """The filters alone."""
        return WorkFilter(**self.model_dump(exclude=set(_OWN), exclude_unset=True))

    def request(self) -> WorklistRequest:
        """The capability's request."""
        return WorklistRequest(filters=self.filters, **{name: getattr(self, name) for name in _OWN})


Asked = Annotated[WorklistQuery, Query()]


@router.get("/worklist")
def worklist(asked: Asked, context: ContextDep) -> WorklistResult:
    """A page of the worklist."""
    return run(asked.request(), context)


@router.get("/worklist/next")
def next_unread(asked: Asked, context: ContextDep) -> WorklistResult:
    """The first study under these filters that is new and that nobody else has taken."""
    return run(asked.request().model_copy(update={"action": "next"}), context)


@router.post("/worklist/{study}/take", dependencies=[Depends(require("reader"))])
def take(study: str, context: ContextDep) -> WorklistResult:
    """Take a study: it is yours to read. An error when another reader has it."""
    return run(WorklistRequest(action="take", study=study), context)


@router.post("/worklist/{study}/release", dependencies=[Depends(require("reader"))])
def release(study: str, context: ContextDep) -> WorklistResult:
    """Release a study; a senior may release what another reader has taken."""
    return run(WorklistRequest(action="release", study=study), context)
