"""The agent over HTTP: a result with its trace, steps line by line for the page, errors before anything is begun."""

from __future__ import annotations

import json
from pathlib import Path

from starlette.testclient import TestClient


def test_a_task_with_a_film_is_done_and_nothing_kept(client: TestClient, shared_data: Path, own_home: Path) -> None:
    with (shared_data / "fullsize/cxr18995.png").open("rb") as film:
        done = client.post("/v1/agent", data={"task": "Is there pneumonia?", "reader": ""}, files={"film": film})
    assert done.status_code == 200
    body = done.json()
    assert [step["tool"] for step in body["trace"]["steps"]] == ["read", "ask"]
    assert not body["abstained"] and body["reasons"][1]["steps"] == [2]
    assert not list(own_home.rglob("*.png"))


def test_the_page_gets_steps_and_then_the_answer(client: TestClient, shared_data: Path) -> None:
    token = client.get("/agent").text.partition('name="csrf" content="')[2].partition('"')[0]
    with (shared_data / "fullsize/cxr18995.png").open("rb") as film:
        done = client.post(
            "/agent", data={"task": "Measure the heart"}, files={"film": film}, headers={"X-CSRF-Token": token}
        )
    lines = [json.loads(line) for line in done.text.splitlines()]
    assert [line["kind"] for line in lines] == ["step", "step", "answer"]
    assert 'id="step-2"' in lines[1]["html"] and 'href="#step-2"' in lines[2]["html"]


def test_what_cannot_be_begun_is_an_error(client: TestClient) -> None:
    missing = client.post("/v1/agent", json={"task": "Describe the film", "study": "S1"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    assert client.post("/v1/agent", json={"task": "Describe the film"}).status_code == 422
    prior = client.post("/v1/compare-prior", json={"study": "S1"})
    assert prior.json()["error"]["code"] == "not_found"
