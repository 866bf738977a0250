"""Confidence over HTTP and on its page: the curves in both languages, the rule on the line's page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from screening.confidence.worlds import archive, hidden

from .test_double import sitting


@pytest.fixture
def chief(app: FastAPI) -> Iterator[TestClient]:
    with ExitStack() as stack:
        yield stack.enter_context(sitting(app, "chief"))


@pytest.fixture
def labels(app: FastAPI, tmp_path: Path) -> bytes:
    known = hidden(np.random.default_rng(0), 700, width=512)
    return archive(known, app.state.context, tmp_path).read_bytes()


def test_labels_are_answered_with_the_comparison(chief: TestClient, labels: bytes) -> None:
    asked = {"files": {"labels": ("l.csv", labels)}, "data": {"resamples": "100"}}
    found = chief.post("/v1/screen/confidence", **asked).json()
    assert found["n"] == 700 and found["chosen"] in ("meta", "learned")
    assert next(one["method"] for one in found["methods"]) == "score"
    few = chief.post("/v1/screen/confidence", files={"labels": ("l.csv", "id,abnormal\nw1,1\n")})
    assert few.status_code == 422 and few.json()["error"]["details"]["least"] == 100


def test_the_page_draws_every_measure_and_names_the_best(chief: TestClient, labels: bytes) -> None:
    assert "Upload labels" in chief.get("/screening/confidence").text
    given = {"files": {"labels": ("l.csv", labels)}, "data": {"across": "patient"}}
    page = chief.post("/screening/confidence", **given).text
    assert page.count('class="curve curve-') == 10 and "better than the score" in page and "<html" not in page
    russian = chief.post("/screening/confidence", **given, headers={"Accept-Language": "ru"}).text
    assert "Ошибки лучше всего предсказывает" in russian and "модель ошибок" in russian


def test_the_line_shows_the_rule_of_its_calibration(chief: TestClient, labels: bytes) -> None:
    form = {"max_missed": "10", "confidence": "95", "unsure_share": "40"}
    done = chief.post("/screening/calibrate", files={"labels": ("l.csv", labels)}, data=form)
    assert done.headers.get("HX-Redirect") == "/screening"
    page = chief.get("/screening").text
    assert "Abstaining in doubt" in page and "fitted on" in page and "/screening/confidence" in page
