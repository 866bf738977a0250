"""Every string of the table of contents leads somewhere, and everything that is there is in the table."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest
from pydantic import BaseModel

from prosvet.app.capabilities import CAPABILITIES, Capability
from prosvet.app.cli.verbs import VERBS
from prosvet.app.http.routers import ROUTERS
from prosvet.app.web.routers import PAGES
from prosvet.core.context import Context
from prosvet.core.i18n import LANGS, catalogue

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", CAPABILITIES)
def test_a_capability_is_one_request_one_result_one_function(name: str) -> None:
    capability = CAPABILITIES[name]
    module = importlib.import_module(capability.module)
    request, result = getattr(module, capability.request), getattr(module, capability.result)
    assert issubclass(request, BaseModel)
    assert issubclass(result, BaseModel)
    assert request.model_config.get("extra") == result.model_config.get("extra") == "forbid"
    signature = inspect.signature(module.run, eval_str=True)
    assert [parameter.annotation for parameter in signature.parameters.values()] == [request, Context]
    assert signature.return_annotation is result


@pytest.mark.parametrize("name", CAPABILITIES)
def test_a_capability_has_faces_a_page_and_tests(name: str) -> None:
    capability = CAPABILITIES[name]
    assert missing(name, capability) == []


def missing(name: str, capability: Capability) -> list[str]:
    """What a capability lacks."""
    lacks = [f"verb {verb}" for verb in capability.verbs if verb not in VERBS]
    for lang in LANGS:
        lacks += [f"help {verb} in {lang}" for verb in capability.verbs if f"cli.{verb}.help" not in catalogue(lang)]
    page = ROOT / "docs" / "guide" / f"{name.partition('.')[0]}.md"
    lacks += [] if page.is_file() else [str(page)]
    tests = ROOT / "tests" / capability.tests
    found = tests.is_file() or (tests.is_dir() and list(tests.glob("test_*.py")))
    return lacks if found else [*lacks, str(tests)]


def test_a_missing_face_page_or_test_is_noticed() -> None:
    planted = Capability("json", "A", "B", ("dance",), "nowhere")
    assert len(missing("dance", planted)) == 5


def test_every_verb_belongs_to_one_capability() -> None:
    assert sorted(verb for capability in CAPABILITIES.values() for verb in capability.verbs) == sorted(VERBS)


PLUMBING = {
    "GET /healthz", "GET /readyz",  # the process itself
    "GET /", "POST /choose",  # the first page, language and theme
    "GET /settings", "GET /help",  # pages that show and explain, and do nothing
}  # fmt: skip
"""Routes that are no capability's."""


def addresses() -> tuple[set[str], set[str]]:
    """Routes of the interface and addresses of pages, ``GET /v1/read``, as the two tables of routers have them."""
    routes, pages = (
        {
            f"{method} {route.path}"
            for module in table.values()
            for route in importlib.import_module(module).router.routes
            for method in route.methods
        }
        for table in (ROUTERS, PAGES)
    )
    return routes, pages


def test_every_route_and_page_belongs_to_one_capability_or_is_plumbing() -> None:
    named = [address for one in CAPABILITIES.values() for address in (*one.routes, *one.pages)]
    assert sorted(named) == sorted(set(named))
    routes, pages = addresses()
    assert {address for one in CAPABILITIES.values() for address in one.routes} - routes == set()
    assert {address for one in CAPABILITIES.values() for address in one.pages} - pages == set()
    assert (routes | pages) - set(named) == PLUMBING


def test_every_module_with_a_run_is_in_the_table() -> None:
    source = ROOT / "src"
    found = {
        ".".join(path.relative_to(source).with_suffix("").parts)
        for path in source.rglob("*api.py")
        if "\ndef run(" in path.read_text(encoding="utf-8")
    }
    assert found <= {capability.module for capability in CAPABILITIES.values()}
