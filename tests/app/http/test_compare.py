"""The page of comparison: readings that are named, two evaluations that are sent, and the pictures' limits."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.store import Store


@pytest.fixture
def study(app: FastAPI, client: TestClient, shared_data: Path, tmp_path: Path) -> str:
    """One real film in the application's archive."""
    folder = tmp_path / "films"
    folder.mkdir()
    shutil.copy(shared_data / "fullsize/cxr18995.png", folder / "one.png")
    ingest(IngestRequest(paths=[folder]), app.state.context)
    with app.state.context.get(Store).read() as db:
        return str(db.exec_driver_sql("SELECT id FROM studies").scalar_one())


def token(client: TestClient) -> dict[str, str]:
    return {"X-CSRF-Token": client.get("/compare").text.split('name="csrf" content="')[1].split('"')[0]}


def test_two_readings_are_named_and_drawn(client: TestClient, study: str) -> None:
    page = client.get("/compare", params={"study": study, "first": "compact", "second": "compact-int8"})
    assert page.status_code == 200
    assert page.text.count("data-map=") == 2
    assert "style=" not in page.text
    assert client.get("/compare", params={"study": study, "second": "nobody"}).status_code == 404
    assert client.get("/compare?study=S0").status_code == 404


def test_a_picture_is_of_a_film_that_is_there(client: TestClient, study: str) -> None:
    picture = client.get(f"/v1/readings/{study}/picture", params={"concept": "pneumonia", "width": 256})
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")
    assert picture.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": picture.headers["etag"]}
    again = {"concept": "pneumonia", "width": 256}
    assert client.get(f"/v1/readings/{study}/picture", params=again, headers=known).status_code == 304
    other = client.get(f"/v1/readings/{study}/picture", params={"concept": "edema", "width": 256}, headers=known)
    assert (other.status_code, other.headers["etag"] == picture.headers["etag"]) == (200, False)
    assert client.get("/v1/readings/S0/picture", headers=known).status_code == 404  # nor out of the browser's store
    assert client.get("/v1/readings/S0/picture").status_code == 404
    assert client.get(f"/v1/readings/{study}/picture?width=99999").status_code == 422


def test_the_interface_gives_the_same_rows(client: TestClient, study: str) -> None:
    body = {"study": study, "first": "stored", "second": "compact"}
    found = client.post("/v1/compare-readings", json=body, headers=token(client)).json()
    assert found["first"]["stored"] is True
    assert found["rows"]


def test_a_file_that_is_no_card_is_refused(client: TestClient) -> None:
    assert client.get("/compare/runs").status_code == 200
    files = {name: ("a.json", b"{}", "application/json") for name in ("first", "second")}
    refused = client.post("/compare/runs", files=files, headers=token(client) | {"HX-Request": "true"})
    assert refused.status_code == 422
    assert 'data-code="invalid_card"' in refused.text
