"""The routes of a protocol and the study page as a browser without scripts gets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.actor import Actor
from prosvet.core.context import Context


@pytest.fixture
def study(app: FastAPI, pydicom_data: Path, tmp_path: Path) -> str:
    """A film whose file's name would be markup."""
    (tmp_path / "<img src=x onerror=alert(1)>.dcm").write_bytes((pydicom_data / "RG1_UNCR.dcm").read_bytes())
    context: Context = app.state.context
    ingest(IngestRequest(paths=[tmp_path]), context)
    return studies(StudiesRequest(), context).studies[0].id


@pytest.fixture
def token(client: TestClient, study: str) -> dict[str, str]:
    client.get(f"/study/{study}")
    return {"X-CSRF-Token": client.cookies.get("csrf", "")}


def test_a_draft_is_edited_checked_signed_and_downloaded(client: TestClient, study: str, token: dict[str, str]) -> None:
    address = f"/v1/studies/{study}/protocol"
    assert client.get(address).json()["protocol"] is None
    drafted = client.post(address, json={"lang": "en"}, headers=token).json()
    line = drafted["protocol"]["content"]["parts"][0]["lines"][0]["id"]
    changes = [{"line": line, "text": "A <b>mass</b> in the right right lung."}]
    checked = client.post(f"{address}/check", json={"changes": changes}, headers=token).json()
    assert {p["rule"] for p in checked["problems"] if p["line"] == line} >= {"repetition"}
    saved = client.patch(address, json={"base": drafted["base"], "changes": changes}, headers=token)
    assert saved.status_code == 200
    stale = client.patch(address, json={"base": drafted["base"], "changes": changes}, headers=token)
    assert stale.status_code == 409
    assert stale.json()["error"]["code"] == "protocol_conflict"
    body = {"base": saved.json()["base"], "reasons": {}}
    refused = client.post(f"{address}/sign", json=body, headers=token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "protocol_error")
    body["reasons"] = {p["rule"]: "meant as it stands" for p in saved.json()["problems"]}
    assert client.post(f"{address}/sign", json=body, headers=token).json()["protocol"]["state"] == "signed"
    text = client.get(f"{address}/text")
    assert "A <b>mass</b> in" in text.text
    assert text.headers["content-type"].startswith("text/plain")
    for page in ("", "/protocol", "/print", "/history"):
        html = client.get(f"/study/{study}{page}").text
        assert "&lt;b&gt;mass&lt;/b&gt;" in html
        assert "<b>mass</b>" not in html


def test_the_page_shows_what_is_stored_and_runs_no_model(client: TestClient, study: str) -> None:
    html = client.get(f"/study/{study}").text
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert "pulmonary tuberculosis" in html
    assert "Not assessed" in html
    assert "Measured together with the draft report." in html
    assert client.get(f"/v1/studies/{study}/protocol").json()["protocol"] is None
    for forbidden in ("<script>", " onclick=", " style="):
        assert forbidden not in html


def test_opening_drafts_and_brings_places_and_the_ratio(client: TestClient, study: str, token: dict[str, str]) -> None:
    html = client.post(f"/study/{study}/open", headers=token | {"HX-Request": "true"}).text
    assert 'hx-swap-oob="innerHTML"' in html
    assert "Cardiothoracic ratio" in html and "0.52" in html
    assert "right, middle zone" in html


def test_another_readers_study_is_not_there(app: FastAPI, client: TestClient, study: str) -> None:
    context: Context = app.state.context
    with context.get(Store).note() as db:
        db.execute(WorkItem.__table__.update().values(owner="petrova"))
    ivanov = context.child(actor=Actor("ivanov", "reader"))
    app.dependency_overrides.clear()
    from prosvet.app.http.deps import request_context

    app.dependency_overrides[request_context] = lambda: ivanov
    for path in (
        f"/study/{study}",
        f"/study/{study}/print",
        f"/v1/studies/{study}/protocol",
        f"/study/{study}/similar",
    ):
        assert client.get(path).status_code == 404, path


def test_a_study_that_is_not_there_is_an_error_page(client: TestClient) -> None:
    answer = client.get("/study/%3Cb%3Enone")
    assert answer.status_code == 404
    assert "<b>none" not in answer.text


def test_no_side_by_side_with_another_patient(client: TestClient, study: str) -> None:
    assert client.get(f"/study/{study}?prior=SOMEBODY").status_code == 404
