"""Monitoring over HTTP: metrics, the page, who may do what, the report; alert rules and the dashboard as files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert
from starlette.testclient import TestClient

from monitoring.streams import add_studies
from prosvet.app.http.app import create_app
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.hospital.ledger.schema import Exam
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.facts import Counts
from prosvet.monitoring.api import MonitorRequest, run

from .people import add_people, browser, signed_in

ROOT = Path(__file__).resolve().parents[3]
NO_PROMTOOL = "promtool is not installed"


@pytest.fixture
def drifted(app: FastAPI) -> FastAPI:
    """An archive where negatives have begun to come in."""
    context: Context = app.state.context
    add_studies(context, 220, 1)
    run(MonitorRequest(action="reference", name="spring", studies=220), context)
    add_studies(context, 40, 2, inverted=True, day=1)
    run(MonitorRequest(action="check"), context)
    return app


def with_a_node(app: FastAPI) -> None:
    """A node has run here, has refused a stranger, and has stopped; an exam is overdue."""
    context: Context = app.state.context
    counts, ledger = Counts(), context.get(Ledger)
    counts.add("received", 3)
    counts.add("queries", 2)
    counts.add("given", 9)
    counts.refuse("calling_ae", "192.0.2.7")
    counts.write(ledger.folder, 0, running=False)
    long_ago = datetime(2026, 1, 1)
    values = {"first": long_ago, "last": long_ago, "deadline": long_ago, "objects": 1, "round": 0, "attempts": 0}
    with ledger.write() as db:
        db.execute(insert(Exam).values(study_uid="1.2.3", patient="P", state="ready", priority=0, **values))


def names_in(text: str) -> set[str]:
    return set(re.findall(r"^([a-z_]+)(?:\{| )", text, re.MULTILINE))


def test_metrics_are_prometheus_text_without_a_study(drifted: FastAPI) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    with TestClient(drifted, base_url="http://127.0.0.1") as client:
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    values = {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }
    site = ("site", "local")
    assert values["prosvet_studies_observed_total", (site,)] == 260
    assert values["prosvet_monitor_open_alarms", (("cause", "gates"), site)] >= 1
    assert values["prosvet_gate_total", (("gate", "inverted"), site)] == 40
    assert not re.search(r"M[12]x\d", answer.text) and "test" not in answer.text


def test_a_node_speaks_in_numbers_alone(app: FastAPI) -> None:
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert "prosvet_node" not in client.get("/metrics").text
        with_a_node(app)
        said = client.get("/metrics").text
    assert 'prosvet_node_up{site="local"} 0.0' in said and 'prosvet_node_received_total{site="local"} 3.0' in said
    assert (
        'prosvet_node_queries_total{site="local"} 2.0' in said and 'prosvet_node_given_total{site="local"} 9.0' in said
    )
    assert 'prosvet_node_refused_total{reason="calling_ae",site="local"} 1.0' in said
    assert 'prosvet_flow_overdue{site="local"} 1.0' in said
    assert "192.0.2.7" not in said and "1.2.3" not in said


def test_the_page_shows_what_changed_and_speaks_both_languages(drifted: FastAPI) -> None:
    with TestClient(drifted, base_url="http://127.0.0.1", headers={"Accept-Language": "en"}) as client:
        page = client.get("/monitoring").text
        assert "Gates" in page and "negative 100%" in page and "Most typical" in page and "<svg" in page
        russian = client.get("/monitoring", headers={"Accept-Language": "ru"}).text
        assert "негатив 100" in russian and "Линия остановлена" in russian
        assert client.post("/monitoring/check", follow_redirects=False).headers["location"] == "/monitoring?done=check"


def test_an_alarm_is_closed_over_http(drifted: FastAPI) -> None:
    with TestClient(drifted, base_url="http://127.0.0.1") as client:
        alarm = client.get("/v1/monitoring").json()["alarms"][0]["id"]
        path = f"/v1/monitoring/alarms/{alarm}/close"
        assert client.post(path, json={"note": "looked at"}).json()["error"]["code"] == "monitoring_error"
        closed = client.post(path, json={"note": "looked at", "by": "Orlova"}).json()
        assert next(one for one in closed["alarms"] if one["id"] == alarm)["closed_by"] == "Orlova"
        assert client.post(path, json={"note": "again", "by": "Orlova"}).status_code == 404


def test_roles_hold(own_home: Path) -> None:
    app = create_app(load_settings({}, home=own_home, threads=1), accounts=True)
    add_people(app)
    assert browser(app).get("/metrics").status_code in (303, 401)
    assert signed_in(app, "researcher").get("/metrics").status_code == 200
    assert signed_in(app, "researcher").get("/v1/monitoring").status_code == 403
    reader = signed_in(app, "reader")
    assert reader.get("/v1/monitoring").status_code == 200
    for path in ("reference", "open", "alarms/1/close"):
        body = {"name": "n"} if path == "reference" else {"note": "n"}
        assert reader.post(f"/v1/monitoring/{path}", json=body).status_code == 403


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_the_report_is_one_file(drifted: FastAPI, lang: str) -> None:
    with TestClient(drifted, base_url="http://127.0.0.1", headers={"Accept-Language": lang}) as client:
        made = client.get("/v1/monitoring/report")
    assert made.headers["content-disposition"].endswith('"monitoring.html"')
    assert not re.search(r"(src|href)=|https?://|@import|url\(", made.text)
    assert not re.search(r"M[12]x\d", made.text)
    assert made.text.count("<svg") >= 8 and f'lang="{lang}"' in made.text


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip(NO_PROMTOOL)
    return found


@pytest.mark.parametrize(
    "words",
    [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"], ["check", "config", "prometheus.yml"]],
)
def test_alert_rules_are_sound(promtool: str, words: list[str]) -> None:
    done = subprocess.run([promtool, *words], cwd=ROOT / "deploy" / "prometheus", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def expressions(board: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_the_dashboard_has_the_shape_that_grafana_reads() -> None:
    board = json.loads((ROOT / "deploy" / "grafana" / "prosvet.json").read_text())
    assert {"uid", "title", "schemaVersion", "version", "panels", "templating", "time"} <= set(board)
    ids, boxes = [panel["id"] for panel in board["panels"]], []
    assert len(ids) == len(set(ids))
    for panel in board["panels"]:
        assert panel["type"] in ("stat", "timeseries") and panel["title"] and panel["targets"]
        box = panel["gridPos"]
        assert set(box) == {"x", "y", "w", "h"} and box["x"] + box["w"] <= 24
        boxes += [(x, y) for x in range(box["x"], box["x"] + box["w"]) for y in range(box["y"], box["y"] + box["h"])]
    assert len(boxes) == len(set(boxes)), "panels overlap"
    known = {variable["name"] for variable in board["templating"]["list"]}
    assert {name for line in expressions(board) for name in re.findall(r"\$(\w+)", line)} <= known


def test_rules_and_dashboard_speak_of_metrics_that_are_there(drifted: FastAPI) -> None:
    with_a_node(drifted)
    with TestClient(drifted, base_url="http://127.0.0.1") as client:
        there = names_in(client.get("/metrics").text)
    there |= {"prosvet_screen_cleared_share", "prosvet_hours_to_signature"}  # only where there is something to tell
    board = json.loads((ROOT / "deploy" / "grafana" / "prosvet.json").read_text())
    rules = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
    asked = set(re.findall(r"prosvet_[a-z_]+", " ".join([*expressions(board), rules])))
    assert asked - there == set()
