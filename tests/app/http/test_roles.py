"""Every route stands in the table of roles, and the table is what is enforced."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.routing import APIRoute

from prosvet.app.accounts import passwords
from prosvet.app.http.app import create_app
from prosvet.app.http.roles import LEAST, OPEN, READING
from prosvet.app.http.routers import ROUTERS
from prosvet.app.web.routers import PAGES
from prosvet.core.actor import ROLES
from prosvet.core.settings import load_settings

from .people import add_people, browser, signed_in


def routes() -> Iterator[tuple[str, str]]:
    """(method, path) of every route of the application's own."""
    for module in (*ROUTERS.values(), *PAGES.values()):
        for route in import_module(module).router.routes:
            assert isinstance(route, APIRoute)
            for method in sorted(route.methods):
                yield method, route.path


ALL = sorted(set(routes()))


def filled(path: str) -> str:
    """An address for the route, with names that are nobody's."""
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def guarded(own_home: Path) -> Iterator[FastAPI]:
    app = create_app(load_settings({}, home=own_home, threads=1), accounts=True)
    add_people(app)
    yield app
    app.state.context.close()


def test_every_route_has_its_least_role_and_every_row_is_a_route() -> None:
    assert {f"{method} {path}" for method, path in ALL} == set(LEAST)


def test_what_reads_by_post_is_a_route_too() -> None:
    assert set(LEAST) >= READING


def test_a_lesser_role_is_refused_on_every_route(guarded: FastAPI) -> None:
    clients = {role: signed_in(guarded, role) for role in ROLES[:-1]}
    passed = []
    for method, path in ALL:
        least = LEAST[f"{method} {path}"]
        if least in ("everybody", "researcher"):
            continue
        below = ROLES[ROLES.index(least) - 1]
        answer = clients[below].request(method, filled(path))
        if answer.status_code not in (403, 422):  # 422: a body that is needed is judged first, and nothing is done
            passed.append((method, path, below, answer.status_code))
    assert passed == []


def test_the_role_itself_is_let_through(guarded: FastAPI) -> None:
    for role, path in (("researcher", "/account"), ("reader", "/account"), ("admin", "/accounts")):
        assert signed_in(guarded, role).get(path).status_code == 200


def test_nobody_sees_anything_before_signing_in(guarded: FastAPI) -> None:
    client, seen = browser(guarded), []
    for method, path in [*ALL, ("GET", "/v1/openapi.json")]:
        if path in OPEN:
            continue
        answer = client.request(method, filled(path))
        to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
        if answer.status_code != 401 and not to_sign_in:
            seen.append((method, path, answer.status_code))
    assert seen == []


def test_a_route_that_is_not_in_the_table_is_refused_to_all(guarded: FastAPI) -> None:
    guarded.get("/forgotten")(lambda: "secret")
    answer = signed_in(guarded, "admin").get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text
