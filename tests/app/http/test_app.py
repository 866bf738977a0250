"""What holds of every route: health, headers, languages, the one shape of an error."""

from __future__ import annotations

from starlette.testclient import TestClient

from prosvet.app.http.security import HEADERS


def test_health_and_readiness_answer(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    ready = client.get("/readyz").json()
    assert ready["studies"] == 0
    assert ready["model"] == "compact"


def test_an_unknown_address_is_one_error_shape(client: TestClient) -> None:
    answer = client.get("/v1/nowhere")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
    assert set(answer.json()["error"]) == {"code", "message", "hint", "details"}


def test_an_unknown_page_is_a_page_in_the_browsers_language(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"Accept-Language": "ru"})
    assert answer.status_code == 404
    assert "Не получилось" in answer.text
    assert "не найдено" in answer.text.lower()


def test_every_answer_carries_the_strict_headers(client: TestClient) -> None:
    for path in ("/healthz", "/v1/nowhere", "/nowhere", "/static/base.css"):
        headers = client.get(path).headers
        assert {name: headers.get(name) for name in HEADERS} == HEADERS


def test_a_file_asked_for_by_its_hash_is_kept_for_good(client: TestClient) -> None:
    assert "immutable" in client.get("/static/base.css?v=1").headers["cache-control"]
    assert client.get("/static/base.css").headers["cache-control"] == "no-cache"
    assert client.get("/static/../app.py").status_code == 404


def test_the_way_back_leads_to_our_own_pages_only(client: TestClient) -> None:
    token = {"X-CSRF-Token": client.cookies.get("csrf", "")}
    for back, leads in (("/search?q=1", "/search?q=1"), ("//evil.example", "/"), ("https://evil.example", "/")):
        answer = client.post("/choose", data={"lang": "ru", "back": back}, headers=token, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"] == leads
        assert answer.cookies["lang"] == "ru"


def test_text_comes_packed_where_it_can_be_unpacked(client: TestClient) -> None:
    packed = client.get("/static/base.css")
    assert packed.headers["content-encoding"] == "gzip"
    plain = client.get("/static/base.css", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == packed.text
