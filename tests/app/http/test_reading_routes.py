"""The routes of reading, searching and the texts: the same answers as on the command line, from uploads only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi import FastAPI
from outcome import Cli
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.settings import load_settings


@pytest.fixture
def film(pydicom_data: Path) -> Path:
    """A full-size chest film with round masses in both lungs."""
    return pydicom_data / "RG1_UNCR.dcm"


@pytest.fixture
def archived(own_home: Path, openi_reports: Path, film: Path) -> Path:
    """The test's own archive with sixty real reports and one real film in it."""
    with Context(load_settings({}, home=own_home, threads=1)) as context:
        ingest(IngestRequest(paths=(openi_reports,), limit=60), context)
        ingest(IngestRequest(paths=(film,)), context)
    return own_home


def upload(path: Path) -> dict[str, tuple[str, bytes]]:
    return {"file": (path.name, path.read_bytes())}


def test_a_film_is_read_as_on_the_command_line(client: TestClient, cli: Cli, film: Path) -> None:
    over_http = client.post("/v1/read", files=upload(film), data={"lang": "en"})
    assert over_http.status_code == 200
    here = cli("read", film, "--lang", "en", "--json").result
    assert over_http.json() == here
    bare = client.post("/v1/read", files=upload(film), data={"report": "false"}).json()
    assert bare["report"] is None
    assert bare["scores"] == here["scores"]


def test_a_film_that_cannot_be_read_keeps_its_code(client: TestClient, pydicom_data: Path) -> None:
    refused = client.post("/v1/read", files=upload(pydicom_data / "693_UNCR.dcm"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "not_chest_xray")
    words = client.post("/v1/read", files={"file": ("x.png", b"words")}, headers={"Accept-Language": "ru"})
    assert words.json()["error"]["message"] == "x.png — не изображение."


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"json": {"files": ["/etc/passwd"]}}, "body"),
        ({"data": {"lang": "ru"}, "files": {"other": ("a", b"b")}}, "other"),
        ({"data": {"overlay": "/tmp"}, "files": {"file": ("a", b"b")}}, "overlay"),
        ({"data": {"lang": "de"}, "files": {"file": ("a", b"b")}}, "lang"),
        ({"files": [("file", ("a", b"b")), ("file", ("c", b"d"))]}, "file"),
        ({"data": {"lang": "ru"}}, "body"),
        ({"content": b"no boundary", "headers": {"Content-Type": "multipart/form-data"}}, "body"),
    ],
)
def test_what_is_not_an_upload_is_refused_by_name(client: TestClient, sent: dict[str, object], name: str) -> None:
    answer = client.post("/v1/read", **sent)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert (answer.json()["error"]["code"], answer.json()["error"]["details"]["name"]) == ("invalid_request", name)


def test_too_large_a_film_is_refused_before_it_is_kept(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    app = create_app(load_settings({}, home=own_home, max_bytes=1_000_000))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.post("/v1/read", files={"file": ("big.dcm", bytes(9_000_000))})
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "body_too_large"
        assert client.post("/v1/read", files={"file": ("a.dcm", b"small")}).status_code == 422
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("archived")
def test_a_search_over_http_finds_what_it_finds_on_the_command_line(client: TestClient, cli: Cli) -> None:
    answer = client.post("/v1/search", json={"text": "pleural effusion", "k": 3, "lang": "en"})
    assert answer.status_code == 200
    assert answer.json() == cli("search", "pleural effusion", "-k", "3", "--lang", "en", "--json").result
    assert len(answer.json()["hits"]) == 3


@pytest.mark.usefixtures("archived")
def test_a_search_by_a_film_or_a_report_takes_the_file_itself(client: TestClient, film: Path) -> None:
    image = client.post("/v1/search", files={"image": (film.name, film.read_bytes())}, data={"in": "images"})
    assert image.json()["hits"][0]["file"] == film.name
    report = client.post(
        "/v1/search", files={"report_file": ("r.txt", b"Cardiomegaly with effusion.")}, data={"k": "2"}
    )
    assert len(report.json()["hits"]) == 2


def test_a_search_never_opens_a_path_that_the_caller_names(client: TestClient) -> None:
    for field in ("image", "report_file", "image_bytes"):
        answer = client.post("/v1/search", json={field: "/etc/passwd"})
        assert (answer.status_code, answer.json()["error"]["details"]["reason"]) == (422, "unknown_part")


def test_reports_are_labelled_and_checked(client: TestClient) -> None:
    labelled = client.post("/v1/label", json={"reports": [{"id": "1", "text": "Справа малый выпот."}]}).json()
    assert labelled["reports"][0]["findings"][0]["concept"] == "pleural_effusion"
    lines = b'{"id": "a", "text": "No pneumothorax."}\n{"id": "b"}\n'
    filed = client.post("/v1/label", files={"file": ("r.jsonl", lines)}).json()
    assert [report["id"] for report in filed["reports"]] == ["a"]
    assert filed["errors"][0]["line"] == 2
    checked = client.post("/v1/check", json={"text": "Синусы свободны свободны."}).json()
    assert (checked["clean"], checked["problems"][0]["rule"]) == (False, "repetition")


@pytest.mark.usefixtures("archived")
def test_studies_are_listed_shown_and_erased(client: TestClient, app: FastAPI) -> None:
    page = client.get("/v1/studies", params={"limit": 3, "offset": 1}).json()
    assert len(page["studies"]) == 3
    assert page["total"] == client.get("/v1/studies").json()["total"] > 50
    frontal = client.get("/v1/studies", params={"view": "frontal", "concepts": ["abnormal"]}).json()
    assert [study["files"] for study in frontal["studies"]] == [["RG1_UNCR.dcm"]]
    study = frontal["studies"][0]["id"]
    assert client.get(f"/v1/studies/{study}").json()["findings"]
    assert client.delete(f"/v1/studies/{study}").json()["id"] == study
    assert client.get(f"/v1/studies/{study}").status_code == 404
    assert app.state.context.get(Store).counts().images == 0
    log = [json.loads(line) for line in (app.state.context.settings.home / "audit.jsonl").read_bytes().splitlines()]
    assert [line["event"] for line in log if line.get("study") == study] == ["show", "erase"]


def test_cards_and_the_house_are_told(client: TestClient) -> None:
    names = [row["name"] for row in client.get("/v1/models").json()["models"]]
    assert "compact" in names
    assert client.get("/v1/models/compact").json()["card"]["limits"]["en"]
    assert client.post("/v1/models/compact/verify").json()["models"][0]["verified"] is True
    assert client.get("/v1/models/nothing").json()["error"]["code"] == "model_not_found"
    assert {check["name"] for check in client.get("/v1/doctor").json()["checks"]} >= {"python", "models"}
