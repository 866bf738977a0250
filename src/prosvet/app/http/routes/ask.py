"""`POST /v1/ask`: a question about a film of the archive, or about one that comes with it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from prosvet.app.asking import AskRequest, AskResult, run
from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["reading"])

_BODY = BodyOf(AskRequest)


@router.post("/ask", summary="Ask about a film", openapi_extra=_BODY.openapi())
def ask(request: Annotated[AskRequest, Depends(_BODY)], context: ContextDep) -> AskResult:
    """Yes or no, what, where, how large, which view: from what was read, with the evidence.

    `abstained` is true where the model does not answer; `answer` says why, and `can` what it can answer. With `similar`
    the films of the archive that are like this one come too. A film that is sent as the part `film` is not kept.
    """
    return run(request, context)
