"""/hospital and /v1/hospital: how the exchange stands, for readers; sending again, for seniors; metrics."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from starlette.testclient import TestClient

from flow_support import Flow, post
from hospital_films import as_dx
from prosvet.app.http.app import create_app
from prosvet.core.settings import load_settings
from prosvet.hospital.ledger.schema import Exam, Outgoing

from .people import add_people, browser, signed_in


@pytest.fixture
def trouble(app: FastAPI, shared_data: Path) -> Flow:
    """One exam that arrives, one that was given up, a dead letter and one that waits."""
    for name in ("pynetdicom", "highdicom"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    return seed(app, shared_data)


def seed(app: FastAPI, shared_data: Path) -> Flow:
    """The rows of :func:`trouble`."""
    made, film = Flow(app.state.context), shared_data / "fullsize" / "cxr18470.png"
    made.receive(as_dx(film))
    given_up = made.receive(as_dx(film), late=60.0)
    dead = post(made, as_dx(film))
    post(made, as_dx(film))
    with made.ledger.write() as connection:
        lost = {"state": "dead", "attempts": 12, "error": {"code": "status", "status": "C000"}}
        connection.execute(update(Outgoing).where(Outgoing.id == dead).values(lost))
        failed = {"state": "failed", "error": {"code": "worker_died"}}
        connection.execute(update(Exam).where(Exam.study_uid == given_up).values(failed))
    return made


def test_without_a_node_the_page_says_how_to_begin(client: TestClient) -> None:
    assert "prosvet node" in client.get("/hospital").text
    assert client.get("/v1/hospital").json()["facts"] is None
    assert "prosvet_flow" not in client.get("/metrics").text


def test_the_page_tells_in_both_languages_and_without_identity(client: TestClient, trouble: Flow) -> None:
    english = client.get("/hospital").text
    russian = client.get("/hospital", headers={"Accept-Language": "ru"}).text
    assert "the destination refused (C000)" in english
    assert "the program stopped on this exam many times" in english
    assert "получатель отказал (C000)" in russian
    told = [row.study_uid for row in trouble.outgoing()] + ["12345", "Иванов"]
    said = english + russian + client.get("/v1/hospital").text + client.get("/metrics").text
    assert [word for word in told if word in said] == []
    assert "the destination refused (C000)" in client.get("/hospital/state").text


def test_a_dead_letter_is_sent_again_from_the_page(client: TestClient, trouble: Flow) -> None:
    dead = next(row.id for row in trouble.outgoing() if row.state == "dead")
    client.headers["X-CSRF-Token"] = csrf(client)
    answer = client.post("/hospital/resend", data={"result": dead}, follow_redirects=False)
    assert answer.headers["location"] == "/hospital?done=resend"
    assert [row.state for row in trouble.outgoing()] == ["waiting", "waiting"]
    assert client.post("/v1/hospital/drop", json={"results": [dead]}).json()["changed"] == 1
    assert len(trouble.outgoing()) == 1
    exam = next(one for one in client.get("/v1/hospital").json()["exams"] if one["state"] == "failed")
    assert client.post("/v1/hospital/again", json={"exams": [exam["id"]]}).json()["facts"]["exams"]["failed"] == 0


def csrf(client: TestClient) -> str:
    """The page's token."""
    from .people import csrf_in

    return csrf_in(client.get("/hospital").text)


def test_metrics_have_queues_ages_and_what_is_overdue(client: TestClient, trouble: Flow) -> None:
    lines = client.get("/metrics").text.splitlines()
    found = {line.rpartition(" ")[0].partition("{")[0] + line.partition("state=")[2].partition("}")[0]:
             float(line.rpartition(" ")[2]) for line in lines if line.startswith("prosvet_flow")}  # fmt: skip
    assert found['prosvet_flow_results"dead"'] == 1
    assert found['prosvet_flow_exams"failed"'] == 1
    assert found["prosvet_flow_overdue"] == 1
    assert found["prosvet_flow_oldest_exam_seconds"] > 0


def test_a_reader_sees_and_a_senior_acts(own_home: Path, shared_data: Path) -> None:
    pytest.importorskip("highdicom", reason="highdicom is not installed")
    app = create_app(load_settings({}, home=own_home, threads=1), accounts=True)
    with browser(app):
        add_people(app)
        made = seed(app, shared_data)
        number = next(row.id for row in made.outgoing() if row.state == "dead")
        reader, senior = signed_in(app, "reader"), signed_in(app, "senior")
        assert signed_in(app, "researcher").get("/hospital").status_code == 403
        assert "Send again" not in reader.get("/hospital").text
        assert reader.post("/hospital/resend", data={"result": number}).status_code == 403
        assert reader.post("/v1/hospital/resend", json={"results": [number]}).status_code == 403
        assert "Send again" in senior.get("/hospital").text
        assert senior.post("/v1/hospital/resend", json={"all_dead": True}).json()["changed"] == 1
