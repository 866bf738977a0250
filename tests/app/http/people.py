"""Who signs in, in tests of the door."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from sqlalchemy import insert
from starlette.testclient import TestClient

from prosvet.app.accounts.people import People
from prosvet.archive.schema import Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core import clock
from prosvet.core.actor import ROLES, Role

PASSWORD = "correct horse battery"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)", "Accept-Language": "en"}
NAMES: dict[Role, str] = {"researcher": "sidorov", "reader": "ivanov", "senior": "orlova", "admin": "petrova"}


def add_people(app: FastAPI) -> None:
    """One account of each role."""
    people = People(app.state.context.get(Store))
    for role in ROLES:
        people.add(NAMES[role], role, "", PASSWORD)


def browser(app: FastAPI, **headers: str) -> TestClient:
    """A browser that has not signed in."""
    return TestClient(app, base_url="http://127.0.0.1", headers=BROWSER | headers, follow_redirects=False)


def csrf_in(text: str) -> str:
    """The token that a page carries."""
    found = re.search(r'<meta name="csrf" content="([^"]*)">', text)
    assert found is not None
    return found.group(1)


def enter(client: TestClient, name: str, password: str = PASSWORD, **fields: str) -> Any:
    """Sign in through the page, as a person does."""
    token = csrf_in(client.get("/sign-in").text)
    return client.post("/sign-in", data={"name": name, "password": password, "csrf": token, **fields})


def signed_in(app: FastAPI, role: Role) -> TestClient:
    """A browser whose owner has signed in; its requests carry the token of its pages."""
    client = browser(app)
    answer = enter(client, NAMES[role])
    assert answer.status_code == 303, answer.text
    client.headers["X-CSRF-Token"] = csrf_in(client.get("/account").text)
    return client


def add_studies(app: FastAPI, **owners: str | None) -> None:
    """Studies without films: id to owner."""
    with app.state.context.get(Store).write() as db:
        db.execute(insert(Patient).values(id="P1", sex="F", birth_year=1960))
        for study, owner in owners.items():
            db.execute(
                insert(Study).values(
                    id=study, patient_id="P1", age=60, date_shifted=False, source="test", description=""
                )
            )
            now = clock.now()
            db.execute(insert(WorkItem).values(study_id=study, arrived=now, updated=now, status="new", owner=owner))
