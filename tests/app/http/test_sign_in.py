"""Signing in through the pages: cookies, fixation, lockout, tokens and their scope."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.app.accounts import passwords
from prosvet.app.accounts.tokens import Scope, Tokens
from prosvet.app.http.app import create_app
from prosvet.archive.store import Store
from prosvet.core.settings import load_settings

from .people import PASSWORD, add_people, browser, csrf_in, enter, signed_in


@pytest.fixture
def guarded(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app = create_app(load_settings({}, home=own_home, threads=1), accounts=True)
    add_people(app)
    yield app
    app.state.context.close()


def test_signing_in_leads_to_the_page_that_was_asked_for(guarded: FastAPI) -> None:
    client = browser(guarded)
    sent = client.get("/study/S1?a=1")
    assert sent.headers["location"] == "/sign-in?next=%2Fstudy%2FS1%3Fa%3D1"
    assert enter(client, "ivanov", next="/study/S1?a=1").headers["location"] == "/study/S1?a=1"
    assert client.get("/v1/me").json() == {"name": "ivanov", "role": "reader", "scope": None}


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_the_way_on_never_leads_elsewhere(guarded: FastAPI, next_: str) -> None:
    assert enter(browser(guarded), "ivanov", next=next_).headers["location"] == "/"


def test_the_cookie_is_closed_to_scripts_and_to_other_sites(guarded: FastAPI) -> None:
    cookie = enter(browser(guarded), "ivanov").headers["set-cookie"]
    assert cookie.startswith("prosvet=")
    assert {part.strip() for part in cookie.split(";")[1:]} == {"HttpOnly", "Max-Age=43200", "Path=/", "SameSite=lax"}


def test_over_tls_the_cookie_is_secure_and_bound_to_the_host(guarded: FastAPI) -> None:
    client = browser(guarded)
    client.base_url = "https://prosvet.hospital.example"
    cookie = enter(client, "ivanov").headers["set-cookie"]
    assert cookie.startswith("__Host-prosvet=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_over_an_open_line_no_password_is_asked_for_or_taken(guarded: FastAPI) -> None:
    client = browser(guarded)
    client.base_url = "http://10.0.0.5:8080"
    shown = client.get("/sign-in")
    assert 'type="password"' not in shown.text
    assert "https" in shown.text
    token = csrf_in(shown.text)
    taken = client.post("/sign-in", data={"name": "ivanov", "password": PASSWORD, "csrf": token})
    assert taken.status_code == 403
    assert "set-cookie" not in taken.headers


def test_a_session_that_was_planted_is_not_used(guarded: FastAPI) -> None:
    client = browser(guarded)
    client.cookies.set("prosvet", "planted", domain="127.0.0.1")
    enter(client, "ivanov")
    assert client.cookies.get("prosvet", domain="127.0.0.1") != "planted"
    thief = browser(guarded)
    thief.cookies.set("prosvet", "planted")
    assert thief.get("/v1/me").status_code == 401


def test_signing_in_again_ends_the_session_before(guarded: FastAPI) -> None:
    client = signed_in(guarded, "reader")
    before = client.cookies["prosvet"]
    # As a second tab with an old page does it.
    client.post("/sign-in", data={"name": "ivanov", "password": PASSWORD})
    assert client.cookies["prosvet"] != before
    thief = browser(guarded)
    thief.cookies.set("prosvet", before)
    assert thief.get("/v1/me").status_code == 401


def test_signing_out_ends_the_session_and_not_only_the_cookie(guarded: FastAPI) -> None:
    client = signed_in(guarded, "reader")
    secret = client.cookies["prosvet"]
    assert client.post("/sign-out").headers["location"] == "/sign-in"
    client.cookies.set("prosvet", secret)
    assert client.get("/v1/me").status_code == 401


def test_the_forms_of_one_session_are_no_good_in_another(guarded: FastAPI) -> None:
    one, other = signed_in(guarded, "reader"), signed_in(guarded, "admin")
    stolen = one.headers["X-CSRF-Token"]
    assert other.post("/sign-out", headers={"X-CSRF-Token": stolen}).status_code == 403
    program = {"User-Agent": "curl/8"}
    del other.headers["X-CSRF-Token"]
    assert other.post("/sign-out", headers=program).status_code == 403


def test_a_wrong_password_and_an_unknown_name_look_the_same(guarded: FastAPI) -> None:
    client = browser(guarded)
    wrong, unknown = enter(client, "ivanov", "wrong one, surely"), enter(client, "ivanow", "wrong one, surely")
    assert wrong.status_code == unknown.status_code == 401

    def body(text: str) -> str:
        return text.replace(csrf_in(text), "")

    assert body(wrong.text) == body(unknown.text).replace("ivanow", "ivanov")
    assert "wrong one" not in wrong.text


def test_five_wrong_passwords_lock_even_the_right_one(guarded: FastAPI) -> None:
    client = browser(guarded)
    assert [enter(client, "ivanov", "wrong one").status_code for _ in range(5)] == [401] * 5
    locked = enter(client, "ivanov")
    assert locked.status_code == 429
    assert enter(browser(guarded), "orlova").status_code == 303


def test_a_new_password_ends_all_other_sessions(guarded: FastAPI) -> None:
    here, elsewhere = signed_in(guarded, "reader"), signed_in(guarded, "reader")
    fields = {"current": PASSWORD, "new": "quite another phrase", "again": "quite another phrase"}
    assert here.post("/account/password", data=fields | {"again": "x"}).status_code == 409
    assert here.post("/account/password", data=fields | {"current": "wrong"}).status_code == 401
    assert here.post("/account/password", data=fields).status_code == 303
    assert here.get("/v1/me").status_code == 200
    assert elsewhere.get("/v1/me").status_code == 401
    assert enter(browser(guarded), "ivanov", "quite another phrase").status_code == 303


def test_an_admin_closes_an_account_at_once(guarded: FastAPI) -> None:
    reader, admin = signed_in(guarded, "reader"), signed_in(guarded, "admin")
    assert admin.post("/accounts/ivanov", data={"what": "close"}).status_code == 303
    assert reader.get("/v1/me").status_code == 401
    assert enter(browser(guarded), "ivanov").status_code == 401
    assert admin.post("/accounts/petrova", data={"what": "close"}).status_code == 409
    assert "only administrator" in admin.post("/accounts/petrova", data={"what": "close"}).text


def test_a_name_with_html_in_it_is_shown_as_text(guarded: FastAPI) -> None:
    admin = signed_in(guarded, "admin")
    added = {"name": "mallory", "full_name": "<img src=x onerror=alert(1)>", "password": PASSWORD}
    assert admin.post("/accounts", data=added).status_code == 303
    shown = admin.get("/accounts").text
    assert "&lt;img src=x" in shown
    assert "<img" not in shown
    assert "<script>x" not in admin.post("/accounts", data={"name": "<script>x", "password": "x"}).text


def _bearer(app: FastAPI, name: str, *scope: Scope) -> TestClient:
    _, secret = app.state.context.get(Tokens).make(name, " ".join(scope), scope, 1)
    return TestClient(app, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {secret}"})


def test_a_token_does_what_its_scope_says_and_no_more(guarded: FastAPI) -> None:
    read, write = _bearer(guarded, "ivanov", "read"), _bearer(guarded, "ivanov", "read", "write")
    admin = _bearer(guarded, "petrova", "read", "write", "admin")
    assert read.get("/v1/me").json() == {"name": "ivanov", "role": "reader", "scope": ["read"]}
    refused = read.post("/v1/worklist/S1/take")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "scope_missing")
    assert write.post("/v1/worklist/S1/take").status_code == 404
    assert read.post("/v1/search", json={"where": "sex=F"}).status_code == 200
    for client in (read, write):
        assert client.post("/v1/accounts/ivanov/tokens", json={"name": "more"}).status_code == 403
    assert write.get("/v1/accounts").status_code == 403
    assert admin.get("/v1/accounts").status_code == 200


def test_a_token_opens_no_page(guarded: FastAPI) -> None:
    admin = _bearer(guarded, "petrova", "read", "write", "admin")
    assert admin.get("/accounts", follow_redirects=False).headers["location"].startswith("/sign-in")


def test_a_token_that_is_no_good_is_never_taken_for_none(guarded: FastAPI) -> None:
    client = signed_in(guarded, "admin")
    answer = client.get("/v1/me", headers={"Authorization": "Bearer prosvet_wrong"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_is_shown_once(guarded: FastAPI) -> None:
    client = signed_in(guarded, "reader")
    made = client.post("/account/tokens", data={"label": "export", "scope": ["read", "write"], "days": "30"})
    assert made.status_code == 200
    assert made.text.count("prosvet_") == 1
    page = client.get("/account").text
    assert "export" in page
    assert "prosvet_" not in page
    token = guarded.state.context.get(Tokens).of("ivanov")[0].id
    assert client.post(f"/account/tokens/{token}/revoke").status_code == 303
    assert guarded.state.context.get(Tokens).of("ivanov") == ()


def test_without_accounts_there_is_no_signing_in(client: TestClient) -> None:
    assert client.get("/sign-in").status_code == 404
    assert client.get("/account").status_code == 404
    assert client.get("/accounts").status_code == 200
    assert client.app.state.context.get(Store).counts().studies == 0  # type: ignore[attr-defined]
