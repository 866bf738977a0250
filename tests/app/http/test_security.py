"""The guard: host, forged requests, headers, bodies, what is shown of hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.testclient import TestClient

from prosvet.app.http.body import SMALL
from prosvet.app.http.headers import HEADERS
from prosvet.core.errors import TooSmall

from .people import browser, csrf_in
from .test_roles import ALL, filled

CHANGES = [(method, path) for method, path in ALL if method not in ("GET", "HEAD")]


@pytest.fixture
def page(app: FastAPI) -> Iterator[TestClient]:
    """A browser on this computer, with a page of ours open."""
    with browser(app) as client:
        client.headers["X-CSRF-Token"] = csrf_in(client.get("/nowhere").text)
        yield client


FOREIGN = ("evil.example", "127.0.0.1.nip.io", "localhost.evil.example:8080", "10.0.0.5", "0.0.0.0", "a b", "", "[::]")


def test_a_host_that_is_not_this_computer_is_refused(client: TestClient) -> None:
    for host, path in product(FOREIGN, ("/v1/me", "/healthz", "/static/base.css", "/worklist")):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400, (host, path)
    assert client.get("/v1/me", headers={"Host": "evil.example"}).json()["error"]["code"] == "wrong_host"


def test_names_of_this_computer_are_answered(client: TestClient) -> None:
    for host in ("127.0.0.1", "localhost:8080", "[::1]:9", "LOCALHOST", "127.5.5.5:1"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200, host


def test_without_accounts_no_proxy_speaks_for_others(client: TestClient) -> None:
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host"):
        answer = client.get("/healthz", headers={name: "203.0.113.5"})
        assert answer.json()["error"]["code"] == "wrong_host", name


def test_a_change_that_no_page_of_ours_asked_for_is_refused_on_every_route(page: TestClient) -> None:
    token = page.headers.pop("X-CSRF-Token")
    forged = [
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": token[:-1] + ("0" if token[-1] != "0" else "1")},
        {"X-CSRF-Token": token, "Origin": "https://evil.example"},
        {"X-CSRF-Token": token, "Origin": "null"},
        {"X-CSRF-Token": token, "Origin": "http://127.0.0.1:8081"},
        {"X-CSRF-Token": token, "Sec-Fetch-Site": "cross-site"},
        {"X-CSRF-Token": token, "Sec-Fetch-Site": "same-site"},
    ]
    passed = []
    for method, path in CHANGES:
        for headers in forged:
            answer = page.request(method, filled(path), headers=headers)
            if answer.status_code != 403:
                passed.append((method, path, headers, answer.status_code))
    assert passed == []
    right = {"X-CSRF-Token": token, "Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}
    assert page.post("/choose", headers=right).status_code == 303


def test_a_token_of_another_browser_is_refused(app: FastAPI, page: TestClient) -> None:
    other = browser(app)
    other.get("/nowhere")
    assert other.post("/choose", headers={"X-CSRF-Token": page.headers["X-CSRF-Token"]}).status_code == 403


def test_a_plain_form_carries_its_token_in_a_field(page: TestClient) -> None:
    token = page.headers.pop("X-CSRF-Token")
    assert page.post("/choose", data={"lang": "ru", "csrf": token}).status_code == 303
    assert page.post("/choose", data={"lang": "ru", "csrf": "x"}).status_code == 403
    assert page.post("/choose", data={"lang": "ru"}).status_code == 403


def test_each_page_has_another_token_and_all_are_good(page: TestClient) -> None:
    tokens = {csrf_in(page.get("/nowhere").text) for _ in range(3)}
    assert len(tokens) == 3
    for token in tokens:
        assert page.post("/choose", headers={"X-CSRF-Token": token}).status_code == 303


def test_a_program_on_this_computer_needs_no_token_and_a_browser_cannot_pass_for_one(app: FastAPI) -> None:
    program = TestClient(app, base_url="http://127.0.0.1", headers={"User-Agent": "curl/8.5.0"})
    assert program.post("/v1/label", json={"texts": []}).status_code != 403
    for sign in (
        {"Origin": "http://evil.example"},
        {"Referer": "http://evil.example/"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"User-Agent": "Mozilla/5.0"},
    ):
        assert program.post("/v1/label", json={"texts": []}, headers=sign).status_code == 403, sign


def test_the_cookie_of_a_browser_cannot_be_read_by_scripts_or_sent_by_others(app: FastAPI) -> None:
    cookie = browser(app).get("/nowhere").headers["set-cookie"]
    assert {part.strip() for part in cookie.split(";")[1:]} == {"Path=/", "HttpOnly", "SameSite=Lax"}


def test_what_is_shown_is_not_kept_by_the_browser(client: TestClient) -> None:
    for path in ("/v1/me", "/nowhere", "/v1/nowhere", "/settings"):
        assert "no-store" in client.get(path).headers["cache-control"]


def test_over_tls_the_browser_is_told_to_stay_there(app: FastAPI) -> None:
    over = TestClient(app, base_url="https://localhost").get("/nowhere").headers
    assert over["strict-transport-security"] == "max-age=31536000"
    assert "__Host-csrf=" in over["set-cookie"]
    assert "Secure" in over["set-cookie"]
    assert "strict-transport-security" not in TestClient(app, base_url="http://localhost").get("/nowhere").headers


def test_the_answer_to_a_defect_has_the_headers_too(app: FastAPI) -> None:
    @app.get("/v1/broken")
    def broken() -> None:
        raise ZeroDivisionError("patient Ivanov")

    answer = TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False).get("/v1/broken")
    assert answer.status_code == 500
    assert "Ivanov" not in answer.text
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy


def test_a_body_above_the_limit_is_refused_before_it_is_read(app: FastAPI) -> None:
    program = TestClient(app, base_url="http://127.0.0.1")
    large = program.post("/v1/label", content=b"x", headers={"Content-Length": str(SMALL + 1)})
    assert (large.status_code, large.json()["error"]["code"]) == (413, "body_too_large")


def test_a_body_that_hides_its_length_is_refused_on_the_way(app: FastAPI) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(SMALL // 65536 + 5):
            yield b'{"a": "' + b"x" * 65536

    program = TestClient(app, base_url="http://127.0.0.1")
    answer = program.post("/v1/label", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_a_form_that_hides_its_length_is_refused_while_its_token_is_looked_for(page: TestClient) -> None:
    page.headers.pop("X-CSRF-Token")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = page.post("/choose", content=(b"a=" + b"x" * 65536 for _ in range(40)), headers=kind)
    assert answer.status_code == 413


def test_so_many_uploads_at_once_and_no_more(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prosvet.app.http.security.UPLOADS", 0)
    program = TestClient(app, base_url="http://127.0.0.1")
    answer = program.post("/v1/read", files={"file": ("a.png", b"x")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "busy")
    assert answer.headers["retry-after"] == "5"


def test_a_stream_passes_piece_by_piece(app: FastAPI) -> None:
    gone = []

    @app.get("/v1/stream")
    async def stream(request: Request) -> StreamingResponse:
        async def pieces() -> object:
            for number in range(3):
                gone.append(number)
                yield f"data: {number}\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    with TestClient(app, base_url="http://127.0.0.1").stream("GET", "/v1/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        assert "".join(answer.iter_text()) == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
    assert gone == [0, 1, 2]


OUTWARD = (
    "/static/../app.py", "/static/..%2f..%2fapp.py", "/static/%2e%2e/%2e%2e/serve.py", "/static//etc/passwd",
    "/static/..\\app.py", "/static/%00", "/v1/studies/..%2f..%2fsecret", "/study/%2e%2e%2fsecret",
    "/v1/images/..%2f1/pixels", "/v1/models/..%2f..%2fetc%2fpasswd", "/models/%2e%2e",
)  # fmt: skip


def test_no_path_leads_out_of_its_folder(client: TestClient) -> None:
    for path in OUTWARD:
        answer = client.get(path)
        assert answer.status_code in (400, 404, 422), path
        assert "import annotations" not in answer.text
        assert "root:" not in answer.text


HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>.png"


def test_a_hostile_name_in_an_error_is_text(app: FastAPI) -> None:
    @app.get("/hostile")
    def hostile() -> None:
        raise TooSmall(name=HOSTILE, width=1, height=1, least=200)

    for headers in ({}, {"HX-Request": "true"}):
        answer = browser(app).get("/hostile", headers=headers)
        assert answer.status_code == 422
        assert "&lt;script&gt;" in answer.text
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text


def test_a_hostile_address_on_the_page_of_errors_is_text(page: TestClient) -> None:
    answer = page.get("/%3Cscript%3Ealert(1)%3C/script%3E?q=%22%3E%3Cimg%20src=x%3E")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text
