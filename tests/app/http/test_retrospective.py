"""Retrospective reading over HTTP: a run, the list, a row, a verdict, the file."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.core.context import Context
from prosvet.reading.retrospective.api import RetrospectiveRequest, run

from .test_double import sitting, studies

__all__ = ["studies"]


def test_a_run_is_listed_judged_and_exported(app: FastAPI, studies: list[str]) -> None:
    context: Context = app.state.context
    made = run(RetrospectiveRequest(action="run"), context).run
    assert made is not None and made.differing == 3
    with sitting(app, "chief") as chief:
        base = f"/v1/retrospective/runs/{made.id}"
        rows = chief.get(base).json()["page"]["rows"]
        assert [row["study"] for row in rows] == studies
        assert rows[0]["disagreements"][0]["kind"] == "denied"
        assert chief.put(f"{base}/studies/S1/verdict", json={"verdict": "model_wrong"}).status_code == 200
        shares = {one["verdict"]: one["k"] for one in chief.get(f"{base}/tally").json()["shares"]}
        assert shares == {"missed": 0, "model_wrong": 1, "unclear": 0}
        exported = chief.get(f"{base}/export")
        assert exported.headers["content-type"].startswith("text/csv")
        assert exported.text.count("\n") == 4
        assert chief.get("/v1/retrospective/runs/99").status_code == 404


def test_pages_show_runs_rows_and_go_on_to_the_next(app: FastAPI, studies: list[str]) -> None:
    made = run(RetrospectiveRequest(action="run"), app.state.context).run
    assert made is not None
    with sitting(app, "chief") as chief:
        assert "Run 1" in chief.get("/retrospective").text
        assert all(study in chief.get("/retrospective/1").text for study in studies)
        page = chief.get("/retrospective/1/S1").text
        assert "The model sees it, the record denies it" in page and "0.93" in page
        answer = chief.post("/retrospective/1/S1", data={"verdict": "unclear"}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/retrospective/1/S2")
        assert "1 of 1" in chief.get("/retrospective/1").text


def test_a_run_begins_as_a_job(client: TestClient) -> None:
    answer = client.post("/v1/retrospective/runs", json={"filters": {"source": "nih"}})
    assert answer.status_code == 202
    assert answer.json()["capability"] == "retrospective"
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
