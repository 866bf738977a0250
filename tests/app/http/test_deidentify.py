"""De-identification over HTTP: begun as a job, shown as a report, refused at once where it cannot be."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.http.people import csrf_in
from hospital.deidentify.conftest import engines as engines
from hospital.deidentify.conftest import film, saved

PLAIN = {"pixels": False}


@pytest.fixture
def ward(tmp_path: Path) -> Path:
    """A folder with a film of an invented patient."""
    saved(film(), tmp_path / "ward" / "1.dcm")
    return tmp_path / "ward"


def ended(client: TestClient, job: str) -> dict[str, object]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        view: dict[str, object] = client.get(f"/v1/jobs/{job}").json()
        if view["state"] in ("done", "failed"):
            return view
        time.sleep(0.1)
    raise AssertionError("the job did not end")


def test_an_export_is_a_job_and_then_a_report(client: TestClient, ward: Path, own_home: Path) -> None:
    asked = {"name": "spring", "folder": str(ward), "options": PLAIN}
    answer = client.post("/v1/deidentify", json=asked)
    assert answer.status_code == 202
    view = ended(client, answer.json()["id"])
    assert view["state"] == "done", view["error"]
    assert "Вахромеев" not in str(view)
    assert [one["name"] for one in client.get("/v1/deidentify").json()["exports"]] == ["spring"]
    shown = client.get("/v1/deidentify/spring").json()["report"]
    assert shown["totals"]["exported"] == 1
    assert (own_home / "exports" / "spring" / "report.html").is_file()
    page = client.get("/deidentify/spring").text
    assert "113100 Basic Application Confidentiality Profile" in page and "dropped InstitutionName" in page
    assert "spring" in client.get("/deidentify").text
    again = client.post("/v1/deidentify", json=asked)
    assert (again.status_code, again.json()["error"]["code"]) == (422, "deidentify_error")


@pytest.mark.parametrize(
    "body",
    [{"name": "a", "folder": "/nowhere"}, {"name": "../a", "folder": "/tmp"}, {"name": "a"},
     {"name": "a", "cohort": "9"}],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_the_job(client: TestClient, body: dict[str, str]) -> None:
    assert client.post("/v1/deidentify", json=body | {"options": PLAIN}).status_code in (404, 422)
    assert client.get("/v1/jobs").json()["total"] == 0


def test_the_page_begins_an_export(app: FastAPI, client: TestClient, ward: Path, engines: None) -> None:
    csrf = csrf_in(client.get("/deidentify").text)
    form = {"name": "may", "folder": str(ward), "keep": ["patient"], "csrf": csrf}
    answer = client.post("/deidentify/run", data=form, follow_redirects=False)
    assert answer.headers["location"] == "/deidentify?done=begun"
    assert "may" in client.get("/deidentify").text
    assert client.post("/deidentify/run", data={"name": "x", "csrf": csrf}).status_code == 422
    ended(client, client.get("/v1/jobs").json()["jobs"][0]["id"])
