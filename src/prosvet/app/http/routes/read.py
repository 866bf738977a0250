"""`POST /v1/read`: one film in, its findings and a draft protocol out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.uploads import BodyOf
from prosvet.core.errors import Retold
from prosvet.reading.api import Reading, ReadRequest, run

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["reading"])

_BODY = BodyOf(ReadRequest, without=("overlay",), parts={"file": "files"})


@router.post("/read", summary="Read a film", openapi_extra=_BODY.openapi())
def read(request: Annotated[ReadRequest, Depends(_BODY)], context: ContextDep) -> Reading:
    """Findings with place and certainty, measurements and a draft of one DICOM, PNG, JPEG or TIFF file.

    Nothing is kept. A finding that is `not_assessed` claims nothing.
    """
    item = run(request, context).items[0]
    if item.result is None:
        error = item.error
        raise Retold(error.code, error.message, error.hint) if error else RuntimeError("a row without an outcome")
    return item.result
