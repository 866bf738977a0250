"""Uploads over HTTP: a real film by the real model, refusals in one shape, limits, nothing left behind."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.archive.database import file_lock
from prosvet.archive.store import Store
from prosvet.archive.upload_api import UploadRequest
from prosvet.core.settings import load_settings

BINARY = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def film(shared_data: Path) -> bytes:
    """One real film."""
    with tarfile.open(shared_data / "cxr" / "val-000.tar") as tar:
        member = next(member for member in tar if member.isfile() and member.name.endswith((".jpg", ".png")))
        stream = tar.extractfile(member)
        assert stream is not None
        return stream.read()


@pytest.fixture
def small(own_home: Path) -> Iterator[TestClient]:
    """A client of an application that takes at most a million bytes."""
    app = create_app(load_settings({}, home=own_home, threads=1, max_bytes=1_000_000))
    with TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": "en"}) as made:
        yield made


def left_behind(app: FastAPI) -> list[Path]:
    return list((app.state.context.settings.home / "uploads").glob("*"))


def test_a_film_comes_in_is_listed_and_is_known_the_second_time(client: TestClient, app: FastAPI, film: bytes) -> None:
    first = client.post("/v1/uploads?name=ward/1.jpg", content=film, headers=BINARY).json()
    assert (first["added"], first["files"][0]["name"]) == (1, "ward/1.jpg")
    study = first["files"][0]["study"]
    again = client.post("/v1/uploads?name=2.jpg", content=film, headers=BINARY).json()
    assert (again["known"], again["files"][0]["study"]) == (1, study)
    listed = client.get("/v1/worklist").json()["rows"]
    assert [(row["study"], row["source"], row["file"]) for row in listed] == [(study, "upload", "1.jpg")]
    assert left_behind(app) == []
    assert "1.jpg" not in (app.state.context.settings.home / "audit.jsonl").read_text()


def test_a_zip_is_answered_film_by_film(client: TestClient, film: bytes) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/1.jpg", film)
        archive.writestr("notes.txt", "not a film")
    answer = client.post("/v1/uploads?name=a.zip", content=packed.getvalue(), headers=BINARY).json()
    assert [(file["name"], file["outcome"]) for file in answer["files"]] == [
        ("a.zip/a/1.jpg", "added"), ("a.zip/notes.txt", "refused"),
    ]  # fmt: skip
    assert answer["files"][1]["error"]["code"] == "not_an_image"


def test_what_is_no_film_is_refused_in_our_shape_and_leaves_nothing(client: TestClient, app: FastAPI) -> None:
    answer = client.post("/v1/uploads?name=notes.txt", content=b"hello", headers=BINARY)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "not_an_image"
    assert "notes.txt" in answer.json()["error"]["message"]
    assert left_behind(app) == []
    assert client.get("/v1/worklist").json()["total"] == 0


def test_a_bomb_and_a_way_out_are_refused_over_http(client: TestClient) -> None:
    for name, data, reason in (("../../etc/x", b"x", "path"), ("zeros.png", bytes(60_000_000), "packed")):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        answer = client.post("/v1/uploads?name=a.zip", content=packed.getvalue(), headers=BINARY)
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "bad_zip"
        assert reason in answer.json()["error"]["message"]


def test_too_much_is_refused_when_it_is_stated_and_when_it_is_not(small: TestClient) -> None:
    for content in (bytes(1_000_001), iter([bytes(600_000), bytes(600_000)])):
        answer = small.post("/v1/uploads?name=a.dcm", content=content, headers=BINARY)
        assert answer.status_code in (413, 422)
        assert answer.json()["error"]["code"] == "oversized_file"


@pytest.mark.parametrize("name", ["", "x" * 501])
def test_a_file_has_a_name(client: TestClient, name: str) -> None:
    answer = client.post("/v1/uploads", params={"name": name}, content=b"x", headers=BINARY)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_request"


def test_while_another_writes_the_upload_says_so(
    client: TestClient, app: FastAPI, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    import prosvet.app.http.routes.uploads as routes

    monkeypatch.setattr(routes, "UploadRequest", lambda **given: UploadRequest(wait=0.2, **given))
    store = app.state.context.get(Store)
    with file_lock(store.home / "writer.lock"):
        answer = client.post("/v1/uploads?name=1.jpg", content=film, headers=BINARY)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "archive_busy"
    assert left_behind(app) == []
