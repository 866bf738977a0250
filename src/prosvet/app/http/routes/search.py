"""`POST /v1/search`: images and reports by words, by a film or by a report."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf
from prosvet.search.api import SearchRequest, SearchResult, run

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["search"])

_BODY = BodyOf(SearchRequest, without=("image_bytes", "image_name"))


@router.post("/search", summary="Search the archive", openapi_extra=_BODY.openapi())
def search(request: Annotated[SearchRequest, Depends(_BODY)], context: ContextDep) -> SearchResult:
    """Hits with their reasons for a text in Russian or English, a report's text, or (as multipart) a film's file."""
    return run(request, context)
