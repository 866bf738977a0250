"""Screening over HTTP: calibrate, the line, the audit, the page in both languages, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.testclient import TestClient

from prosvet.archive.schema_screen import ScreenCalibration
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.screening.archived import ArchivedStudy
from prosvet.screening.calibrations import calibration
from prosvet.screening.decide import Decision
from prosvet.screening.releases import record

from .test_double import sitting, studies

__all__ = ["studies"]

SCORES = "id,score\n" + "".join(f"x{n},{0.4 + n / 1000}\n" for n in range(400)) + "y1,0.1\ny2,0.9\n"
LABELS = "id,abnormal\n" + "".join(f"x{n},1\n" for n in range(400)) + "y1,0\ny2,0\n"


def calibrate(
    client: TestClient, target: str = "0.01", labels: str = LABELS, scores: str = SCORES
) -> dict[str, object]:
    files = {"labels": ("l.csv", labels), "scores": ("s.csv", scores)}
    answer = client.post("/v1/screen/calibrate", files=files, data={"max_missed": target})
    return {"status": answer.status_code} | answer.json()


@pytest.fixture
def chief(app: FastAPI) -> Iterator[TestClient]:
    with ExitStack() as stack:
        yield stack.enter_context(sitting(app, "chief"))


def test_calibrate_answers_with_the_threshold_and_refuses_what_it_cannot_prove(chief: TestClient) -> None:
    found = calibrate(chief)
    assert (found["status"], found["version"], found["n_abnormal"]) == (200, 1, 400)
    assert found["threshold"] == 0.4 and found["misses"] == 0
    refused = calibrate(chief, "0.001")
    assert refused["status"] == 422
    error = refused["error"]
    assert isinstance(error, dict) and error["code"] == "target_not_provable" and error["details"]["needed"] == 2995
    bad = calibrate(chief, scores=SCORES.replace("0.9", "nan"))
    assert bad["status"] == 422


def test_the_line_is_opened_by_name_and_stopped(chief: TestClient) -> None:
    assert chief.get("/v1/screen/line").json()["line"]["state"] == "stopped"
    assert chief.post("/v1/screen/line/open", json={"note": "looked"}).status_code == 422  # no calibration
    calibrate(chief)
    assert chief.post("/v1/screen/line/open", json={"note": " "}).status_code == 422
    found = chief.post("/v1/screen/line/open", json={"note": "looked"}).json()["line"]
    assert (found["state"], found["by"]) == ("open", "chief")
    found = chief.post("/v1/screen/line/stop", json={"reason": "a grid"}).json()["line"]
    assert (found["state"], found["reason"]) == ("stopped", "a grid")


def test_a_run_begins_as_a_job(chief: TestClient) -> None:
    answer = chief.post("/v1/screen/run", json={"filters": {"source": "nih"}})
    assert answer.status_code == 202 and answer.json()["capability"] == "screen.run"
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    assert chief.get(f"/jobs/{answer.json()['id']}").status_code == 200


@pytest.fixture
def released(app: FastAPI, chief: TestClient, studies: list[str]) -> list[str]:
    """Two studies released and drawn, one referred."""
    calibrate(chief)
    chief.post("/v1/screen/line/open", json={"note": "looked", "audit_share": 1.0})
    context: Context = app.state.context
    with context.get(Store).read() as db:
        chosen = calibration(context, db.execute(select(ScreenCalibration.id)).scalar_one())
    for study in studies:
        decision = Decision("refer", None, 0.9) if study == "S3" else Decision("normal", None, 0.1, 0.2)
        record(context, "local", ArchivedStudy(study, 50.0, ()), chosen, decision, (), chosen.model)
    return studies


def test_the_blind_reading_tells_nothing_and_a_critical_miss_stops_the_line(
    released: list[str], chief: TestClient
) -> None:
    found = chief.get("/v1/screen/audit").json()
    assert found["waiting"] == 3 and "outcome" not in str(found["queue"])
    assert chief.post("/v1/screen/audit/begin").json()["mine"] == "S1"
    assert chief.get("/v1/studies/S1").status_code == 403  # what was found in it is closed to whoever reads it blind
    page = chief.get("/screening/blind").text
    assert "Blind reading" in page and "0.1" not in page.split("screen-side")[1].split("</section>")[0]
    judged = chief.post("/v1/screen/audit", json={"study": "S1", "verdict": "critical", "comment": "apex"}).json()
    assert judged["line"]["state"] == "stopped" and judged["misses"][0]["reader"] == "chief"
    assert chief.get("/v1/studies/S1").status_code == 200
    page = chief.get("/screening").text
    assert "Stopped" in page and 'href="/study/S1"' in page and "apex" in page


def test_the_page_in_both_languages_before_and_after(chief: TestClient) -> None:
    empty = chief.get("/screening").text
    assert "There is no calibration yet" in empty and "never opened" in empty
    calibrate(chief)
    page = chief.get("/screening", headers={"Accept-Language": "ru"}).text
    assert "Автономный отсев норм" in page and "Остановлена" in page and "<svg" in page
    assert "не более 1 %" in page and "screening_page." not in page


def token(client: TestClient) -> str:
    return client.get("/screening").text.split('name="csrf" content="')[1].split('"')[0]


def test_the_forms_of_the_page(chief: TestClient) -> None:
    headers = {"X-CSRF-Token": token(chief)}
    files = {"labels": ("l.csv", LABELS), "scores": ("s.csv", SCORES)}
    data = {"max_missed": "1,5", "confidence": "95", "prevalence": "30", "accept": ["lateral", "quality"]}
    answer = chief.post("/screening/calibrate", files=files, data=data, headers=headers)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/screening")
    bad = chief.post("/screening/calibrate", files=files, data={"max_missed": "much"}, headers=headers)
    assert bad.status_code == 422
    found = chief.get("/v1/screen/line").json()["versions"]
    assert [one["max_missed"] for one in found] == [0.015]
    answer = chief.post("/screening/open", data={"note": "ok", "number": "1", "share": "5"}, headers=headers)
    assert "Open" in answer.text and chief.get("/v1/screen/line").json()["line"]["audit_share"] == 0.05
    chief.post("/screening/stop", data={"reason": ""}, headers=headers)
    assert chief.get("/v1/screen/line").json()["line"]["reason"] == "by_hand"
