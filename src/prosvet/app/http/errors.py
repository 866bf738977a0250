"""Every error in one shape: ``{"error": {"code", "message", "hint", "details"}}`` under /v1, a page elsewhere."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from prosvet.app.http.deps import request_context
from prosvet.app.http.headers import HEADERS
from prosvet.core.errors import InternalError, InvalidRequest, MethodRefused, NotFound, ProsvetError, plain_details
from prosvet.core.i18n import Lang

__all__ = ["ErrorBody", "ErrorInfo", "add_handlers", "answer", "error_body"]

log = logging.getLogger(__name__)


class ErrorInfo(BaseModel):
    """What happened, in the user's language, under a stable code."""

    model_config = ConfigDict(extra="forbid")

    code: str
    message: str
    hint: str
    details: dict[str, Any] = {}


class ErrorBody(BaseModel):
    """The one shape of an error."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "code": "not_found",
                        "message": "Исследование S1 не найдено.",
                        "hint": "Проверьте имя.",
                        "details": {"kind": "study", "name": "S1"},
                    }
                }
            ]
        },
    )

    error: ErrorInfo


def error_body(error: ProsvetError, lang: Lang) -> ErrorBody:
    """The error as a body; details that are no plain values are left out."""
    info = ErrorInfo(code=error.code, message=error.message(lang), hint=error.hint(lang), details=plain_details(error))
    return ErrorBody(error=info)


def add_handlers(app: FastAPI) -> None:
    """Answer every exception of `app` in our shape."""

    def ours(request: Request, error: Exception) -> Response:
        if not isinstance(error, ProsvetError):  # the framework promises it; a defect if not
            raise error
        return answer(request, error)

    def invalid(request: Request, error: Exception) -> Response:
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": str(error)}
        name = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        return answer(request, InvalidRequest(name=name or "body", reason=first["msg"]))

    def plain(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == HTTPStatus.NOT_FOUND:
            return answer(request, NotFound(kind="page", name=request.url.path))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers = error.headers if isinstance(error, HTTPException) else None
            return answer(request, MethodRefused(method=request.method), headers)
        return answer(request, InvalidRequest(name="body", reason=str(getattr(error, "detail", error))))

    def defect(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return answer(request, InternalError(kind=type(error).__name__))

    app.add_exception_handler(ProsvetError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, plain)
    app.add_exception_handler(Exception, defect)


def answer(request: Request, error: ProsvetError, headers: Any = None) -> Response:
    """`error` as it is told to whoever asked: in one shape under /v1, as a page elsewhere."""
    context = request_context(request)
    body = error_body(error, context.lang)
    response: Response
    if request.url.path.startswith(("/v1", "/healthz", "/readyz")):
        response = JSONResponse(body.model_dump(mode="json"), error.http_status)
    else:
        from prosvet.app.web.render import error_page

        response = error_page(request, context, body.error, error.http_status)
    response.headers.update(HEADERS | dict(headers or {}))  # the answer to a defect passes no middleware of ours
    return response
