"""The OpenAPI document: what the framework writes, with our one shape of errors and an example for every operation."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

__all__ = ["document", "examples", "operations"]

_METHODS = ("get", "post", "put", "patch", "delete")
_FRAMEWORK = ("HTTPValidationError", "ValidationError")
_JSON = "application/json"
_ERROR = {"$ref": "#/components/schemas/ErrorBody"}
_DEFECT = "The program failed: a model, the archive, the disk, or a defect."


@cache
def examples() -> dict[str, dict[str, Any]]:
    """``POST /v1/search`` to its ``request`` and ``answer``, taken from real ones."""
    source = resources.files("prosvet.app.http").joinpath("examples.json").read_text(encoding="utf-8")
    table: dict[str, dict[str, Any]] = json.loads(source)
    return table


def operations(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every operation of a document by ``METHOD /path``."""
    return {
        f"{method.upper()} {path}": item[method]
        for path, item in schema.get("paths", {}).items()
        for method in _METHODS
        if method in item
    }


def document(app: FastAPI) -> dict[str, Any]:
    """The document of `app`, made once."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes, openapi_version="3.1.0"
        )
        for name in _FRAMEWORK:
            schema["components"]["schemas"].pop(name, None)
        for name, operation in operations(schema).items():
            _errors(operation)
            _examples(operation, examples().get(name, {}))
        app.openapi_schema = schema
    return app.openapi_schema


def _errors(operation: dict[str, Any]) -> None:
    """Errors have our shape whatever the reason: the framework's own answer to a bad request is never given."""
    responses = operation["responses"]
    responses.pop("422", None)
    responses["4XX"] = {"description": "The request cannot be answered.", "content": {_JSON: {"schema": _ERROR}}}
    responses["5XX"] = {"description": _DEFECT, "content": {_JSON: {"schema": _ERROR}}}


def _examples(operation: dict[str, Any], example: dict[str, Any]) -> None:
    body = operation.get("requestBody", {}).get("content", {})
    if "request" in example:
        for kind in body:
            body[kind]["example"] = example["request"]
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get(_JSON)
        if content is not None and status.startswith("2") and "answer" in example:
            content["example"] = example["answer"]
