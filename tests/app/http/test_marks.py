"""Marking over HTTP and its pages: who may do what, blindness, files."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image as Picture
from sqlalchemy import insert
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, ImageVector, Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.models.examine import Examiner

from .people import add_people, signed_in

MARK = {"findings": [{"concept": "nodule", "status": "present", "side": "left", "boxes": [[10, 10, 40, 50.5]]}]}


def add_films(app: FastAPI, n: int = 6) -> None:
    """Studies with one small film each, scored about the threshold."""
    context: Context = app.state.context
    ref, at, rng = context.get(Examiner).ref, datetime.now(UTC).replace(tzinfo=None), np.random.default_rng(0)
    for number in range(n):
        study, stream = f"S{number}", io.BytesIO()
        pixels = rng.integers(0, 255, (96, 128)).astype(np.uint8)
        Picture.fromarray(pixels).save(stream, "PNG")
        sha = context.get(FileStore).add(stream.getvalue())
        with context.get(Store).write() as db:
            db.execute(insert(Patient).values(id=f"P{study}", sex="F", birth_year=1960))
            plain = {"date": None, "date_shifted": False, "source": "t", "split": None, "description": ""}
            db.execute(insert(Study).values(id=study, patient_id=f"P{study}", age=60.0, **plain))
            film = {"file": "f.png", "format": "png", "view": "frontal", "rows": 96, "cols": 128, "row_spacing": None,
                    "col_spacing": None, "is_chest_xray": True, "gates": {}, "state": "examined",
                    "scores": {"abnormal": 0.5, "pneumothorax": 0.9321}}  # fmt: skip
            made = insert(Image).values(study_id=study, sha256=sha, source_sha256=sha, **film).returning(Image.id)
            vector = {
                "model": ref.name,
                "revision": ref.revision,
                "vector": rng.normal(size=512).astype("<f2").tobytes(),
            }
            db.execute(insert(ImageVector).values(image_id=db.execute(made).scalar_one(), **vector))
            db.execute(insert(WorkItem).values(study_id=study, arrived=at, updated=at))


@pytest.fixture
def marking(client: TestClient, app: FastAPI) -> TestClient:
    """A browser before a queue of four, half of it by chance."""
    add_films(app)
    client.get("/help")
    made = client.post("/v1/marks/queue", json={"n": 4, "random_share": 0.5, "seed": 1})
    assert (made.status_code, made.json()["queue"]["total"]) == (201, 4)
    return client


def cases(client: TestClient, *, blind: bool) -> list[int]:
    rows = client.get("/v1/marks").json()["queue"]["rows"]
    return [row["case"] for row in rows if row["blind"] is blind]


def test_a_blind_case_shows_nothing_until_it_is_saved(marking: TestClient) -> None:
    case = cases(marking, blind=True)[0]
    begun = marking.post(f"/v1/marks/cases/{case}/begin")
    page = marking.get(f"/marking/{case}")
    study, image = begun.json()["case"]["study"], begun.json()["case"]["image"]
    for text in (begun.text, page.text):
        assert "0.93" not in text and '"random"' not in text and "by chance" not in text
    closed = marking.get(f"/v1/images/{image}/evidence")
    assert (closed.status_code, closed.json()["error"]["code"]) == (403, "blind_reading")
    assert marking.get(f"/v1/studies/{study}").status_code == 403
    saved = marking.put(f"/v1/marks/cases/{case}", json=MARK)
    assert saved.status_code == 200 and saved.json()["case"]["answer"]["pneumothorax"]["probability"] == 0.9321
    assert "0.93" in marking.get(f"/marking/{case}").text
    assert marking.get(f"/v1/studies/{study}").status_code == 200


def test_a_case_that_is_not_blind_tells_its_reason_and_the_answer(marking: TestClient) -> None:
    case = cases(marking, blind=False)[0]
    assert marking.post(f"/marking/{case}/begin", follow_redirects=False).status_code in (303, 403)
    marking.post(f"/v1/marks/cases/{case}/begin")
    page = marking.get(f"/marking/{case}").text
    assert "uncertain" in page and "0.93" in page and 'name="status.pneumothorax"' in page


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_the_list_is_a_page_in_both_languages(marking: TestClient, lang: str) -> None:
    page = marking.get("/marking", headers={"Accept-Language": lang})
    assert page.status_code == 200
    assert ("Размечено 0 из 4" if lang == "ru" else "0 of 4 marked") in page.text
    assert page.text.count("/begin") == 4


@pytest.mark.parametrize("name", ["label-studio", "coco", "csv"])
def test_marks_go_out_and_come_back(marking: TestClient, name: str) -> None:
    case = cases(marking, blind=False)[0]
    marking.post(f"/v1/marks/cases/{case}/begin")
    marking.put(f"/v1/marks/cases/{case}", json=MARK)
    out = marking.get(f"/v1/marks/export?format={name}")
    assert out.status_code == 200 and "attachment" in out.headers["content-disposition"]
    back = marking.post("/v1/marks/import", files={"file": ("m", out.content)}, data={"format": name})
    assert back.json()["imported"] == {"films": 1, "kept": 0, "known": 1}
    bad = out.content.replace(b"nodule", b"dragon")
    refused = marking.post("/v1/marks/import", files={"file": ("m", bad)}, data={"format": name})
    assert refused.status_code == 422 and refused.json()["error"]["code"] == "bad_marks"


@pytest.mark.parametrize("body", [{"findings": []}, {"findings": [{"concept": "nodule", "status": "present",
                                                                   "boxes": [[0, 0, 129, 9]]}]}])  # fmt: skip
def test_a_mark_that_cannot_be_is_refused(marking: TestClient, body: dict[str, object]) -> None:
    case = cases(marking, blind=False)[0]
    marking.post(f"/v1/marks/cases/{case}/begin")
    refused = marking.put(f"/v1/marks/cases/{case}", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "mark_error")
    assert marking.get("/v1/marks").json()["queue"]["progress"]["marked"] == 0


def test_a_reader_marks_and_a_senior_fills(own_home: object) -> None:
    app = create_app(load_settings({}, home=own_home, threads=1), accounts=True)
    add_films(app, 3)
    add_people(app)
    reader, senior, researcher = (signed_in(app, role) for role in ("reader", "senior", "researcher"))
    assert reader.post("/v1/marks/queue", json={"n": 1}).status_code == 403
    assert senior.post("/v1/marks/queue", json={"n": 2, "random_share": 0}).status_code == 201
    assert researcher.get("/v1/marks").status_code == 403
    case = reader.post("/v1/marks/next").json()["case"]["case"]
    assert reader.put(f"/v1/marks/cases/{case}", json=MARK).json()["version"] == 1
    assert reader.get("/v1/marks/export").status_code == 403
    assert reader.get("/marking").text.count("/marking/import") == 0
    assert "ivanov" in senior.get("/v1/marks/export").text
