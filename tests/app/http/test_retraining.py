"""Retraining over HTTP: who may, what is shown, and that a run begun there is a job."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.core.settings import load_settings
from prosvet.models.deployed import deployed, history
from prosvet.training.pipeline.card_step import Challenger
from prosvet.training.pipeline.evaluate import Compared
from prosvet.training.pipeline.judge import Against, Judged
from prosvet.training.pipeline.manifest import FrozenSet, Row, counted, write_rows
from prosvet.training.pipeline.plan import Plan, Policy
from prosvet.training.pipeline.steps import file_digest, make_step


def frozen(folder: Path) -> FrozenSet:
    random = np.random.default_rng(0)
    rows = [
        Row(set="site", part="check" if n % 3 == 0 else "train", origin="mark", patient=f"p{n}", study=f"S{n}", image=n,
            film=f"{n:064x}", labels={"mass": int(random.random() < 0.4)})
        for n in range(60)
    ]  # fmt: skip
    write_rows(rows, folder / "manifest.jsonl")
    made = counted(rows, file_digest(folder / "manifest.jsonl"), {"chosen_by_model": 3})
    (folder / "frozen.json").write_text(made.model_dump_json())
    return made


@pytest.fixture
def judged(own_home: Path) -> Path:
    """A run as far as its card, which does not let the challenger pass."""
    run = own_home / "retraining" / "spring"
    run.mkdir(parents=True)
    (run / "plan.json").write_text(Plan().model_dump_json())
    data: list[FrozenSet] = []
    make_step(run, "freeze", {}, lambda folder: data.append(frozen(folder)))
    for step in ("train", "evaluate"):
        make_step(run, step, {}, lambda folder: (folder / "out").touch())
    common = {"set": "site", "concept": "mass", "positives": 40, "negatives": 60, "state": "tested"}
    tests = (
        Judged(**common, metric="auroc", current=0.8, challenger=0.7, difference=-0.1, low=-0.15, high=-0.05, p=0.001,
               p_holm=0.002, verdict="worse"),
        Judged(**common, metric="sensitivity", current=0.6, challenger=0.62, difference=0.02, low=-0.1, high=0.14,
               p=0.9, p_holm=0.9, verdict="cannot_tell"),
    )  # fmt: skip
    card = Challenger(
        model="spring", revision="1+local.abc", kind="head", data=data[0], policy=Policy(), critical=("pneumothorax",),
        compared=Compared(current="compact@1", challenger="spring@1+local.abc", current_digest="", challenger_digest="",
                          operating_point="balanced", unread=0),
        verdict="worse", against=(Against(concept="mass", reason="worse", set="site", metric="auroc", low=-0.15),),
        comparisons=tests,
    )  # fmt: skip
    make_step(run, "card", {}, lambda folder: (folder / "challenger.json").write_text(card.model_dump_json()) and None)
    return run


def test_the_run_is_shown_with_its_table_and_verdict(client: TestClient, judged: Path) -> None:
    answer = client.get("/v1/retraining/spring").json()
    assert answer["runs"][0]["card"]["verdict"] == "worse"
    page = client.get("/retraining/spring").text
    assert "mass" in page and "−0.100 [−0.150; −0.050]" in page and "0.002" in page
    assert "May not be promoted" in page and 'action="/retraining/spring/promote"' not in page
    assert "chosen by the model" in page
    listed = client.get("/retraining").text
    assert "/retraining/spring" in listed and "worse" in listed


def test_the_page_is_there_in_russian(client: TestClient, judged: Path) -> None:
    page = client.get("/retraining/spring", headers={"Accept-Language": "ru"}).text
    assert "значимо хуже" in page and "−0,100 [−0,150; −0,050]" in page


def test_a_challenger_that_is_worse_is_refused_over_http(client: TestClient, judged: Path, own_home: Path) -> None:
    answer = client.post("/v1/retraining/spring/promote", json={"by": "Orlova", "why": "hope"})
    assert answer.status_code == 409 and answer.json()["error"]["code"] == "challenger_worse"
    assert history(load_settings({}, home=own_home)) == ()


def test_a_run_is_begun_as_a_job_and_its_failure_is_told(app: FastAPI, own_home: Path) -> None:
    with TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": "en"}) as client:
        begun = client.post("/v1/retraining", json={"name": "spring"})
        assert begun.status_code == 202
        where = begun.headers["location"]
        for _ in range(100):
            job = client.get(where).json()
            if job["state"] in ("done", "failed"):
                break
            time.sleep(0.1)
        assert job["state"] == "failed" and "nothing to learn from" in job["error"]["message"]
        assert job["subject"] == "spring"


def test_names_that_are_no_names_and_runs_that_are_not_there(client: TestClient) -> None:
    assert client.get("/v1/retraining/nowhere").status_code == 404
    assert client.get("/retraining/nowhere").status_code == 404
    assert client.get("/retraining/..%2f..").status_code in (404, 422)
    assert client.get("/retraining/BAD NAME").status_code in (404, 422)
    assert client.post("/v1/retraining", json={"name": "../x"}).status_code == 422
    assert client.post("/v1/retraining/nowhere/train").status_code == 404


def test_rolling_back_needs_something_to_go_back_to(client: TestClient, own_home: Path) -> None:
    answer = client.post("/v1/retraining/back", json={"by": "Orlova", "why": "complaints"})
    assert answer.status_code == 409
    assert deployed(load_settings({}, home=own_home)).version == 0
