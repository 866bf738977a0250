"""A reader study in the browser: made from the archive, blind to its last answer, no seat of another's, no path."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, ReaderStudyError
from prosvet.evaluation.readers.from_archive import ArchiveStudy, create_from_archive
from prosvet.evaluation.readers.shelf import Shelf

SYSTEMS = ("compact", "compact-int8")


@pytest.fixture
def stocked(app: FastAPI, client: TestClient, shared_data: Path, tmp_path: Path) -> Context:
    """The application's archive with two real films."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("cxr18995.png", "cxr18470.png"):
        shutil.copy(shared_data / "fullsize" / name, folder / name)
    context: Context = app.state.context
    ingest(IngestRequest(paths=[folder]), context)
    return context


def made(context: Context, **more: object) -> str:
    given = {"name": "blind", "systems": SYSTEMS, "cases": 2, "lang": "en", **more}
    return create_from_archive(ArchiveStudy.model_validate(given), context).name


def token(client: TestClient) -> dict[str, str]:
    page = client.get("/reader-study").text
    return {"X-CSRF-Token": page.split('name="csrf" content="')[1].split('"')[0]}


def test_nothing_names_a_system_before_the_last_answer(client: TestClient, stocked: Context) -> None:
    name = made(stocked, readers=1, per_case=1)
    header = token(client)
    for _ in range(2):
        desk = client.get(f"/reader-study/{name}/read?reader=R1")
        task = client.get(f"/v1/reader-studies/{name}/next?reader=R1").json()
        shown = [desk.text, json.dumps(task), client.get(f"/reader-study/{name}").text]
        shown += [client.get(f"/v1/reader-studies/{name}/export?format=json").text]
        shown += [client.get(f"/v1/reader-studies/{name}/figures").text]
        assert not any(word in page for page in shown for word in ("compact", "int8"))
        picture = client.get(f"/v1/reader-studies/{name}/tasks/{task['task']}/picture?reader=R1")
        assert picture.content.startswith(b"\x89PNG")
        assert picture.headers["cache-control"] == "private, no-cache"
        known = {"If-None-Match": picture.headers["etag"]}
        asked = f"/v1/reader-studies/{name}/tasks/{task['task']}/picture?reader=R1"
        assert client.get(asked, headers=known).status_code == 304
        given = {"reader": "R1", "task": task["task"], "choice": "left", "seconds": "3.5"}
        sent = client.post(f"/reader-study/{name}/read", data=given, headers=header, follow_redirects=False)
        assert sent.status_code == 303
    assert "Thank you" in client.get(f"/reader-study/{name}/read?reader=R1").text
    assert "compact-int8" in client.get(f"/reader-study/{name}").text
    answers = client.get(f"/v1/reader-studies/{name}/export?format=json").json()["judgements"]
    assert [one["seconds"] for one in answers] == [3.5, 3.5]
    assert {one["preferred"] for one in answers} <= set(SYSTEMS)


def test_errors_are_marked_on_the_words(client: TestClient, stocked: Context) -> None:
    name = made(stocked, mode="errors", systems=("compact",), readers=1, per_case=1)
    task = client.get(f"/v1/reader-studies/{name}/next?reader=R1").json()
    quote = task["left"][:12].strip()
    marks = [{"kind": "false", "significant": True, "concept": "pneumonia", "quote": quote}]
    given = {"reader": "R1", "task": task["task"], "marks": json.dumps(marks)}
    assert client.post(f"/reader-study/{name}/read", data=given, headers=token(client)).status_code == 200
    assert client.get(f"/v1/reader-studies/{name}/next?reader=R1").json()["done"] == 1
    broken = given | {"marks": "["}
    assert client.post(f"/reader-study/{name}/read", data=broken, headers=token(client)).status_code == 422


def test_seats_names_and_paths_are_checked(client: TestClient, stocked: Context) -> None:
    name = made(stocked)
    assert client.get(f"/reader-study/{name}/read?reader=R9").status_code == 404
    assert client.get(f"/v1/reader-studies/{name}/tasks/999/picture?reader=R1").status_code == 404
    assert client.get("/v1/reader-studies/..%2Farchive").status_code == 404
    refused = client.post("/v1/reader-studies", json={"name": "../x", "systems": ["compact"]}, headers=token(client))
    assert refused.status_code == 422
    with pytest.raises(ReaderStudyError):
        made(stocked)


def test_an_account_has_one_seat_and_the_owner_none(stocked: Context) -> None:
    name = made(stocked.child(actor=Actor("lead", "reader")))
    shelf = stocked.get(Shelf)
    assert [shelf.take_seat(name, Actor("petrova", "reader")) for _ in range(2)] == ["R1", "R1"]
    assert shelf.take_seat(name, Actor("ivanov", "reader")) == "R2"
    with pytest.raises(ReaderStudyError):
        shelf.take_seat(name, Actor("third", "reader"))
    for actor in (Actor("lead", "reader"), Actor("student", "researcher")):
        with pytest.raises(Forbidden):
            shelf.take_seat(name, actor)
    entry = shelf.entry(name)
    assert shelf.may_lead(entry, Actor("lead", "reader")) and not shelf.may_lead(entry, Actor("petrova", "reader"))
    assert shelf.key(name).stat().st_mode & 0o077 == 0
    assert not (shelf.folder / "blind.key.json").exists()
