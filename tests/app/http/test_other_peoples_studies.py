"""A study that belongs to somebody is not there for others: on no route, in no list, in no count."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from prosvet.app.accounts import passwords
from prosvet.app.http.app import create_app
from prosvet.app.http.roles import LEAST
from prosvet.core.settings import load_settings

from .people import add_people, add_studies, signed_in
from .test_roles import ALL

OF_A_STUDY = [(method, path) for method, path in ALL if "{study}" in path]


@pytest.fixture
def guarded(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    app = create_app(load_settings({}, home=own_home, threads=1), accounts=True)
    add_people(app)
    add_studies(app, SOWN="ivanov", SORLOVA="orlova", SFREE=None)
    yield app
    app.state.context.close()


def test_each_route_of_a_study_says_that_it_is_not_there(guarded: FastAPI) -> None:
    reader, wrong = signed_in(guarded, "reader"), []
    for method, path in OF_A_STUDY:
        if LEAST[f"{method} {path}"] not in ("researcher", "reader"):
            continue
        theirs, nobodys = (
            reader.request(method, path.replace("{study}", study).replace("{number}", "1"))
            for study in ("SORLOVA", "SNOWHERE")
        )
        if theirs.status_code != nobodys.status_code or theirs.status_code < 400:
            wrong.append((method, path, theirs.status_code, nobodys.status_code))
    assert wrong == []


def test_a_list_and_its_count_leave_it_out(guarded: FastAPI) -> None:
    seen = {}
    for role in ("researcher", "reader", "senior"):
        listed = signed_in(guarded, role).get("/v1/studies").json()
        seen[role] = (listed["total"], [study["id"] for study in listed["studies"]])
    assert seen == {
        "researcher": (1, ["SFREE"]),
        "reader": (2, ["SFREE", "SOWN"]),
        "senior": (3, ["SFREE", "SORLOVA", "SOWN"]),
    }


def test_the_worklist_leaves_it_out(guarded: FastAPI) -> None:
    assert "SORLOVA" not in signed_in(guarded, "reader").get("/v1/worklist?status=all").text
    assert "SORLOVA" in signed_in(guarded, "senior").get("/v1/worklist?status=all").text


def test_each_view_is_in_the_audit_log_under_its_name(guarded: FastAPI, own_home: Path) -> None:
    signed_in(guarded, "reader").get("/v1/studies/SOWN")
    signed_in(guarded, "senior").get("/v1/studies/SOWN")
    lines = [json.loads(line) for line in (own_home / "audit.jsonl").read_text().splitlines()]
    assert [(line["by"], line["study"]) for line in lines if line["event"] == "show"] == [
        ("ivanov", "SOWN"),
        ("orlova", "SOWN"),
    ]
