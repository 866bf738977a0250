"""Films over HTTP: the file's bytes are the request's body, counted while they come."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from prosvet.app.http.deps import ContextDep, require
from prosvet.archive.upload import Received, receive
from prosvet.archive.upload_api import UploadRequest, UploadResult, run
from prosvet.core.errors import Cancelled, OversizedFile

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["uploads"])

_CHUNK = 1_000_000  # bytes gathered before they are written
_BODY = {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}


@router.post("/uploads", dependencies=[Depends(require("reader"))], openapi_extra={"requestBody": _BODY})
async def upload(
    request: Request,
    context: ContextDep,
    name: Annotated[
        str, Query(min_length=1, max_length=500, description="Name of the file, with its folder.", examples=["1.dcm"])
    ],
    private: Annotated[bool, Query(description="Only for whoever sends it (and seniors).")] = False,
) -> UploadResult:
    """One film (DICOM, PNG, JPEG, TIFF) or one ZIP of films, as the body. It is de-identified and read by the model.

    A single film that is refused is an error; of a ZIP each film has its row.
    """
    limit = context.settings.max_bytes
    stated = request.headers.get("content-length", "")
    short = name.replace("\\", "/").rsplit("/", 1)[-1]
    if stated.isdecimal() and int(stated) > limit:
        raise OversizedFile(name=short, size=int(stated), limit=limit)
    with receive(context.settings.home, short, limit) as received:
        await _take(request, received)
        wanted = UploadRequest(path=received.path, name=name, private=private)
        return await run_in_threadpool(run, wanted, context)


async def _take(request: Request, received: Received) -> None:
    """The body into the file, in pieces, off the loop that serves the others."""
    waiting = bytearray()
    try:
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _CHUNK:
                await run_in_threadpool(received.write, bytes(waiting))
                waiting.clear()
    except ClientDisconnect:
        raise Cancelled from None
    await run_in_threadpool(received.write, bytes(waiting))
    await run_in_threadpool(received.close)
