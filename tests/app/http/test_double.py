"""Double reading over HTTP: two browsers, two names; nothing of the other or of the program before signing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from sqlalchemy import insert
from starlette.testclient import TestClient

from prosvet.archive.schema import Finding, Image, ImageVector, Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.models.examine import Examiner

Sitting = Callable[[str], TestClient]


@pytest.fixture
def studies(app: FastAPI) -> list[str]:
    """Three studies with scored films, in the archive of `app`."""
    context: Context = app.state.context
    ref, at = context.get(Examiner).ref, datetime.now(UTC).replace(tzinfo=None)
    names = ["S1", "S2", "S3"]
    with context.get(Store).write() as db:
        for name in names:
            db.execute(insert(Patient).values(id=f"P{name}", sex="M", birth_year=None))
            plain = {"date": None, "date_shifted": False, "source": "tests", "split": None, "description": ""}
            db.execute(insert(Study).values(id=name, patient_id=f"P{name}", age=50.0, **plain))
            film = {"file": "f.png", "format": "png", "view": "frontal", "rows": 9, "cols": 9, "row_spacing": None,
                    "col_spacing": None, "is_chest_xray": True, "gates": {}, "state": "examined",
                    "scores": {"pneumothorax": 0.93, "edema": 0.001}}  # fmt: skip
            made = insert(Image).values(study_id=name, sha256=name, source_sha256=name, **film).returning(Image.id)
            image = db.execute(made).scalar_one()
            vector = {"model": ref.name, "revision": ref.revision, "vector": b"\0" * 1024}
            db.execute(insert(ImageVector).values(image_id=image, **vector))
            claim = {"concept": "pneumothorax", "status": "absent", "origin": "manifest"}
            db.execute(insert(Finding).values(study_id=name, **claim))
            db.execute(insert(WorkItem).values(study_id=name, arrived=at, updated=at))
    return names


@contextmanager
def sitting(app: FastAPI, name: str) -> Iterator[TestClient]:
    """A browser without accounts at which `name` sits."""
    with TestClient(app, base_url="http://127.0.0.1", headers={"Accept-Language": "en"}) as made:
        made.cookies.set("reader", name)
        made.get("/help")  # a first page: it brings the cookie that forms are held against
        yield made


OPINION = {"findings": {"pneumothorax": {"status": "absent"}, "edema": {"status": "absent"}}, "comment": ""}


def test_a_reading_from_draw_to_resolution(app: FastAPI, studies: list[str]) -> None:
    with sitting(app, "petrova") as petrova:
        sent = petrova.post("/v1/double-readings", json={"draw": {"n": 1, "seed": 1}, "second": "program"})
        assert sent.status_code == 201
        (study,) = sent.json()["sent"]["studies"]
        begun = petrova.post(f"/v1/double-readings/{study}/begin")
        assert begun.status_code == 200
        assert "0.93" not in begun.text and "model:" not in begun.text
        for closed in (f"/v1/studies/{study}", f"/v1/images/{studies.index(study) + 1}/evidence"):
            answer = petrova.get(closed)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "blind_reading")
        assert petrova.put(f"/v1/double-readings/{study}/opinion", json=OPINION).status_code == 200
        signed = petrova.post(f"/v1/double-readings/{study}/sign").json()["reading"]
        assert signed["state"] == "disagreement"
        assert [one["concept"] for one in signed["compared"] if one["kind"] == "status"] == ["pneumothorax"]
        assert petrova.get(f"/v1/studies/{study}").status_code == 200
        decisions = {"pneumothorax": {"status": "absent", "comment": "Skin fold."}}
        refused = petrova.post(f"/v1/double-readings/{study}/resolve", json={"decisions": decisions})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "double_reading")
        petrova.cookies.set("reader", "chief")
        done = petrova.post(f"/v1/double-readings/{study}/resolve", json={"decisions": decisions})
        assert done.json()["reading"]["state"] == "done"
        figures = petrova.get("/v1/double-readings/agreement?second=program").json()
        assert figures["pairs"] == 1
        assert next(row for row in figures["findings"] if row["concept"] == "edema")["kappa"]["value"] is None


def test_pages_show_the_form_and_then_the_comparison(app: FastAPI, studies: list[str]) -> None:
    with sitting(app, "petrova") as petrova:
        petrova.post("/v1/double-readings", json={"studies": ["S1"], "second": "program"})
        assert "S1" in petrova.get("/double-reading").text
        invited = petrova.get("/double-reading/S1").text
        assert "Begin reading" in invited and "0.93" not in invited
        petrova.post("/v1/double-readings/S1/begin")
        form = petrova.get("/double-reading/S1").text
        assert 'name="status.pneumothorax"' in form and "0.93" not in form and "compact@" not in form
        filled = {"status.pneumothorax": "absent", "side.pneumothorax": "left", "note.pneumothorax": "<b>x</b>"}
        assert petrova.post("/double-reading/S1/save", data=filled).text.strip() == "Draft saved."
        kept = petrova.get("/double-reading/S1").text
        assert "&lt;b&gt;x&lt;/b&gt;" in kept and "<b>x</b>" not in kept
        compared = petrova.post("/double-reading/S1/sign", data=filled).text
        assert "Differences: 1" in compared and "compact@" in compared and "0.93" in compared


def test_names_are_taken_where_there_are_no_accounts_only_and_no_odd_ones(app: FastAPI) -> None:
    with sitting(app, "petrova") as client:
        assert client.post("/double-reading/name", data={"reader": "ivanov"}).status_code == 200
        assert client.cookies.get("reader", domain="127.0.0.1") == "ivanov" or "ivanov" in client.cookies.values()
        assert client.post("/double-reading/name", data={"reader": "model:compact"}).status_code == 422


def test_what_is_not_there_or_not_right_is_refused(app: FastAPI, studies: list[str]) -> None:
    with sitting(app, "petrova") as client:
        assert client.get("/v1/double-readings/S1").json()["error"]["code"] == "not_found"
        assert client.post("/v1/double-readings", json={}).status_code == 422
        client.post("/v1/double-readings", json={"studies": ["S1"]})
        client.post("/v1/double-readings/S1/begin")
        odd = {"findings": {"unicorn": {"status": "present"}}, "comment": ""}
        assert client.put("/v1/double-readings/S1/opinion", json=odd).json()["error"]["code"] == "unknown_name"
        bad = {"findings": {"edema": {"status": "absent", "side": "left"}}, "comment": ""}
        assert client.put("/v1/double-readings/S1/opinion", json=bad).status_code == 422
