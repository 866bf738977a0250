"""`/v1/cohorts` and the pages of cohorts: saved, listed, changed, exported, deleted; nothing of the server is read."""

from __future__ import annotations

import csv
import io

import pytest
from fastapi import FastAPI
from sqlalchemy import insert
from starlette.testclient import TestClient

from prosvet.archive.schema import Finding, Patient, Report, Study
from prosvet.archive.store import Store


@pytest.fixture
def filled(app: FastAPI, client: TestClient) -> TestClient:
    """Three reports with an effusion; a description that looks like markup."""
    with app.state.context.get(Store).write() as db:
        db.execute(insert(Patient).values(id="P1", sex="F"))
        for n in (1, 2, 3):
            db.execute(insert(Study).values(id=f"S{n}", patient_id="P1", age=50 + n, date_shifted=False,
                                            source="<script>alert(1)</script>", description=""))  # fmt: skip
            db.execute(insert(Report).values(id=n, study_id=f"S{n}", sha256=str(n), file=f"{n}.txt", language="en",
                                             indication="", findings="Small <b>right</b> pleural effusion.",
                                             impression="", labels=[]))  # fmt: skip
            db.execute(insert(Finding).values(study_id=f"S{n}", report_id=n, concept="pleural_effusion",
                                              status="present", side="right", origin="report"))  # fmt: skip
    return client


def saved(client: TestClient, name: str = "Effusion", **more: object) -> dict[str, object]:
    answer = client.post("/v1/cohorts", json={"name": name, "text": "pleural effusion", **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, object] = answer.json()
    return body


def test_a_cohort_is_saved_listed_changed_and_deleted(filled: TestClient) -> None:
    number = saved(filled)["id"]
    assert [c["name"] for c in filled.get("/v1/cohorts").json()["cohorts"]] == ["Effusion"]
    changed = filled.patch(f"/v1/cohorts/{number}", json={"name": "Checked", "remove": ["S2"]}).json()
    assert (changed["name"], changed["size"]) == ("Checked", 2)
    shown = filled.get(f"/v1/cohorts/{number}?limit=1").json()
    assert len(shown["studies"]) == 1 and shown["total"] == 2
    assert filled.delete(f"/v1/cohorts/{number}").status_code == 200
    assert filled.get(f"/v1/cohorts/{number}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "image": "/etc/passwd"},
        {"name": "x", "report_file": "/etc/passwd"},
        {"name": "x", "folder": "/tmp"},
        {"name": "", "text": "pleural effusion"},
        {"name": "x", "studies": ["nowhere"]},
        {"name": "x", "text": "zzzz"},
    ],
)
def test_a_body_that_makes_no_sense_is_refused_and_nothing_is_kept(filled: TestClient, body: dict[str, object]) -> None:
    answer = filled.post("/v1/cohorts", json=body)
    assert answer.status_code in (404, 422)
    assert answer.json()["error"]["message"]
    assert filled.get("/v1/cohorts").json()["total"] == 0


def test_a_table_is_a_download_that_spreadsheets_read(filled: TestClient) -> None:
    number = saved(filled, name="=cmd()")["id"]
    answer = filled.get(f"/v1/cohorts/{number}/export?format=csv")
    assert (
        answer.headers["content-type"].startswith("text/csv") and "attachment" in answer.headers["content-disposition"]
    )
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["study"] for row in rows] == ["S1", "S2", "S3"] and answer.headers["x-rows"] == "3"
    assert filled.get(f"/v1/cohorts/{number}/export?format=dicom").text == ""
    assert filled.get(f"/v1/cohorts/{number}/export?format=exe").status_code == 422


def test_comparison_over_http(filled: TestClient) -> None:
    one, two = saved(filled)["id"], saved(filled, name="two", studies=["S1"])["id"]
    made = filled.get(f"/v1/cohorts/compare?cohort={one}&cohort={two}").json()
    assert made["shared"] == [[3, 1], [1, 1]]
    assert "Cohorts compared" in filled.get(f"/cohorts/compare?c={one}&c={two}").text


def test_pages_show_text_as_text(filled: TestClient) -> None:
    number = saved(filled, name="<img src=x onerror=alert(1)>")["id"]
    for path in ("/cohorts", f"/cohorts/{number}"):
        page = filled.get(path).text
        assert "&lt;img src=x" in page and "<img src=x" not in page and "<script>alert" not in page


def test_forms_of_the_page_change_the_cohort(filled: TestClient) -> None:
    number = saved(filled)["id"]
    page = filled.get(f"/cohorts/{number}").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    filled.post(f"/cohorts/{number}/name", data={"csrf": token, "name": "Renamed"})
    filled.post(f"/cohorts/{number}/remove", data={"csrf": token, "s": ["S1", "S2"]})
    assert "Renamed" in filled.get("/cohorts").text
    assert filled.get(f"/v1/cohorts/{number}").json()["total"] == 1
    filled.post(f"/cohorts/{number}/delete", data={"csrf": token})
    assert "No cohorts yet" in filled.get("/cohorts").text
