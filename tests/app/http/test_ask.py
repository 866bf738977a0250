"""Questions over HTTP: of a film that is sent, in words that are shown as text, and with no path of the server."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient


def token(client: TestClient) -> dict[str, str]:
    """The header that a page of ours would send."""
    page = client.get("/ask").text
    return {"X-CSRF-Token": page.split('name="csrf" content="')[1].split('"')[0]}


def test_the_page_asks_for_a_film_first(client: TestClient) -> None:
    page = client.get("/ask")
    assert page.status_code == 200
    assert 'name="film"' in page.text
    assert "Is there a pleural effusion?" in page.text


def test_a_film_that_is_sent_is_answered_and_not_kept(client: TestClient, shared_data: Path, own_home: Path) -> None:
    film = (shared_data / "fullsize/cxr18995.png").read_bytes()
    sent = {"film": ("one.png", film, "image/png")}
    answer = client.post("/v1/ask", data={"question": "How big is the heart?"}, files=sent, headers=token(client))
    assert answer.status_code == 200, answer.text
    assert answer.json()["abstained"] is False
    assert answer.json()["measurement"]["name"] == "cardiothoracic_ratio"
    assert not list((own_home / "files").glob("??/*"))
    part = client.post("/ask", data={"question": "<b>effusion</b>?"}, files=sent, headers=token(client))
    assert part.status_code == 200
    assert "<b>effusion</b>" not in part.text
    picture = client.post("/ask/film", data={"concept": "pneumonia"}, files=sent, headers=token(client))
    assert 'src="data:image/jpeg;base64,' in picture.text


def test_no_file_of_the_server_can_be_named(client: TestClient, shared_data: Path) -> None:
    film = str(shared_data / "fullsize/cxr18995.png")
    answer = client.post("/v1/ask", json={"question": "Is it normal?", "film": film}, headers=token(client))
    assert answer.status_code == 422
    answer = client.post("/v1/ask", data={"question": "Is it normal?", "film": film}, headers=token(client))
    assert answer.status_code == 422


def test_an_unknown_study_is_not_found(client: TestClient) -> None:
    assert client.get("/ask?study=S0").status_code == 404
    body = {"question": "Is it normal?", "study": "S0"}
    answer = client.post("/v1/ask", json=body, headers=token(client))
    assert answer.json()["error"]["code"] == "not_found"
