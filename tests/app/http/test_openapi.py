"""The OpenAPI document is valid and true: examples fit their schemas, and generated requests get what it promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import Draft202012Validator
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.app.http.openapi import document, examples, operations
from prosvet.app.jobs.runner import Runner
from prosvet.core.settings import load_settings

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def described(app: FastAPI) -> dict[str, Any]:
    return document(app)


def schema_of(described: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    """A schema that stands alone, with the components that it refers to."""
    return {**content["schema"], "components": described["components"]}


def test_the_document_is_served_and_is_openapi_3_1(client: TestClient, described: dict[str, Any]) -> None:
    served = client.get("/v1/openapi.json").json()
    assert served == described
    assert served["openapi"] == "3.1.0"
    text = str(served)
    assert "HTTPValidationError" not in text
    for name in served["components"]["schemas"]:
        Draft202012Validator({**served["components"]["schemas"][name], "components": served["components"]})


def test_every_operation_has_a_summary_a_description_and_the_one_shape_of_errors(described: dict[str, Any]) -> None:
    for name, operation in operations(described).items():
        assert operation["summary"], name
        assert operation["description"], name
        for status in ("4XX", "5XX"):
            reference = operation["responses"][status]["content"]["application/json"]["schema"]["$ref"]
            assert reference == "#/components/schemas/ErrorBody", name


def test_examples_are_of_operations_that_there_are_and_fit_their_schemas(described: dict[str, Any]) -> None:
    every = operations(described)
    assert set(examples()) <= set(every)
    for name, example in examples().items():
        operation = every[name]
        if "answer" in example:
            success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
            content = success["content"]["application/json"]
            assert content["example"] == example["answer"]
            Draft202012Validator(schema_of(described, content)).validate(example["answer"])
        if "request" in example:
            for content in operation["requestBody"]["content"].values():
                Draft202012Validator(schema_of(described, content)).validate(example["request"])


def test_files_are_described_as_parts_of_a_form(described: dict[str, Any]) -> None:
    body = operations(described)["POST /v1/read"]["requestBody"]["content"]
    assert set(body) == {"multipart/form-data"}
    form = body["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    assert form["properties"]["file"]["contentMediaType"] == "application/octet-stream"
    assert set(form["properties"]) == {"file", "lang", "report", "reader", "told_findings", "shape", "prior"}
    search = operations(described)["POST /v1/search"]["requestBody"]["content"]
    assert set(search) == {"multipart/form-data", "application/json"}
    assert "image" not in search["application/json"]["schema"]["properties"]


# ---------------------------------------------------------------- generated requests

OPERATIONS = tuple(operations(document(create_app(load_settings({})))))
FEW = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
LOCAL = {"Host": "127.0.0.1"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseSchema]:
    """The described interface over an empty archive. Its jobs do not run: generated paths are not taken in."""
    home: Path = tmp_path_factory.mktemp("generated") / "archive"
    patch = pytest.MonkeyPatch()
    patch.setattr(Runner, "start", lambda _: None)
    app = create_app(load_settings({}, home=home, threads=1))
    yield schemathesis.openapi.from_asgi("/v1/openapi.json", app, headers=LOCAL)
    patch.undo()
    app.state.context.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_that_is_described(api: BaseSchema, name: str) -> None:
    method, _, path = name.partition(" ")
    # Health that fails is told by 503, and described: the one answer of the kind that is no defect.
    told = "503" in api[path][method].definition.raw["responses"]
    checks = [check for check in CHECKS if not (told and check is not_a_server_error)]

    @FEW
    @given(case=api[path][method].as_strategy())
    def ask(case: schemathesis.Case) -> None:
        case.validate_response(case.call(headers=LOCAL), checks=checks)

    ask()
