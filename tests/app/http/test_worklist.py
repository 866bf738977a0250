"""The worklist over HTTP: what programs get, and the page with its filters, links and rows."""

from __future__ import annotations

import re
from datetime import date

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, insert, update
from starlette.testclient import TestClient

from prosvet.archive.schema import Finding, Image, Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.worklist import relist, set_status

MODEL = "model:compact@1"
NASTY = '<img src=x onerror="alert(1)">.png'


def film(db: Connection, study: str) -> None:
    """Something to read."""
    plain = {"format": "png", "view": "frontal", "rows": 9, "cols": 9, "gates": {}, "scores": {}, "state": "examined"}
    names = {"sha256": f"{study}-stored", "source_sha256": f"{study}-source", "file": f"{study}.png"}
    db.execute(insert(Image).values(study_id=study, **names, **plain))


@pytest.fixture(autouse=True)
def studies(app: FastAPI) -> None:
    """Sixty studies, every tenth with a pneumothorax that the model sees, one with a file of an evil name."""
    store = app.state.context.get(Store)
    with store.write() as db:
        for number in range(60):
            db.execute(insert(Patient).values(id=f"P{number}", sex="FM"[number % 2]))
            db.execute(
                insert(Study).values(
                    id=f"S{number:02}", patient_id=f"P{number}", age=20.0 + number, date=date(2026, 3, 1),
                    date_shifted=False, source="upload", description="",
                )
            )  # fmt: skip
            if number != 7:
                film(db, f"S{number:02}")
            if number % 10 == 0:
                values = {"concept": "pneumothorax", "status": "present", "probability": 0.87, "origin": MODEL}
                db.execute(insert(Finding).values(study_id=f"S{number:02}", **values))
        db.execute(
            insert(Image).values(
                study_id="S07", sha256="a", source_sha256="b", file=NASTY, format="png", view="frontal", rows=9, cols=9,
                gates={}, scores={}, state="stored",
            )
        )  # fmt: skip
    relist(store)


def rows(html: str) -> list[str]:
    return re.findall(r'data-study="(\w+)"', html)


def test_programs_get_a_page_its_counts_and_its_marks(client: TestClient) -> None:
    first = client.get("/v1/worklist", params={"limit": 25}).json()
    assert (first["total"], len(first["rows"]), first["counts"]["new"], first["before"]) == (60, 25, 60, None)
    row = first["rows"][0]
    assert (row["priority"], row["reason"]) == (3, "pneumothorax")
    assert row["claims"] == [{"origin": MODEL, "status": "present", "probability": 0.87, "side": None}]
    second = client.get("/v1/worklist", params={"limit": 25, "after": first["after"]}).json()
    assert second["first"] == 25
    assert not {row["study"] for row in first["rows"]} & {row["study"] for row in second["rows"]}


@pytest.mark.parametrize(
    "asked", ["sort=colour", "limit=0", "after=rubbish", "age_min=50&age_max=40", "date_from=yesterday", "nonsense=1",
              "finding=happiness", "priority=9", "status=lost"],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_our_shape(client: TestClient, asked: str) -> None:
    answer = client.get(f"/v1/worklist?{asked}")
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]
    assert client.get(f"/worklist?{asked}").status_code == answer.status_code


def test_the_page_shows_the_urgent_first_and_by_whom(client: TestClient) -> None:
    page = client.get("/worklist", headers={"Accept-Language": "ru"}).text
    assert rows(page)[:6] == ["S50", "S40", "S30", "S20", "S10", "S00"]
    assert "Пневмоторакс" in page
    assert "Критический · модель 87\u00a0%" in page
    assert "70 лет" in page
    assert "01.03.2026" in page
    english = client.get("/worklist").text
    assert "Critical · model 87%" in english
    assert "2026-03-01" in english


def test_asked_for_by_htmx_it_is_the_list_alone(client: TestClient) -> None:
    part = client.get("/worklist", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<section id="list"')
    assert len(rows(part)) == 50


def test_the_links_of_pages_and_orders_keep_the_filters(client: TestClient) -> None:
    page = client.get("/worklist?sex=F&limit=10&text=&age_min=").text
    on = re.findall(r'href="(/worklist\?[^"]*after=[^"]*)"', page)[0].replace("&amp;", "&")
    assert "sex=F" in on
    assert "text=" not in on
    following = client.get(on).text
    assert len(rows(following)) == 10
    assert not set(rows(page)) & set(rows(following))
    order = re.findall(r'href="(/worklist\?[^"]*sort=age[^"]*)"', page)[0].replace("&amp;", "&")
    assert rows(client.get(order).text)[0] == "S58"  # the oldest woman


def test_a_name_of_a_file_is_text_whatever_stands_in_it(client: TestClient) -> None:
    page = client.get("/worklist?text=S07").text
    assert rows(page) == ["S07"]
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_the_next_unread_is_one_click_away_and_its_absence_is_said(client: TestClient, app: FastAPI) -> None:
    answer = client.get("/worklist/next?sex=M", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/study/S59")
    assert client.get("/v1/worklist/next").json()["rows"][0]["study"] == "S50"
    with app.state.context.get(Store).note() as db:
        db.execute(update(WorkItem).values(status="signed"))
    assert "No unread study is left" in client.get("/worklist/next").text
    assert client.get("/v1/worklist/next").status_code == 404


def test_a_study_is_taken_and_released_in_its_row(client: TestClient) -> None:
    row = client.post("/worklist/row", data={"study": "S10", "action": "take"})
    assert row.status_code == 200
    assert rows(row.text) == ["S10"]
    assert 'value="release"' in row.text
    assert rows(client.get("/worklist?mine=true").text) == ["S10"]
    assert client.post("/v1/worklist/S10/release").json()["rows"][0]["reader"] is None
    assert client.post("/v1/worklist/nobody/take").status_code == 404
    assert client.post("/worklist/row", data={"study": "S10", "action": "erase"}).status_code == 422


def test_a_study_of_another_reader_is_refused_by_name(client: TestClient, app: FastAPI) -> None:
    with app.state.context.get(Store).note() as db:
        set_status(db, "S10", "draft", reader="petrova")
    answer = client.post("/v1/worklist/S10/take")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "taken"
    assert "petrova" in answer.json()["error"]["message"]


def test_an_empty_archive_says_how_to_begin(client: TestClient, app: FastAPI) -> None:
    with app.state.context.get(Store).write() as db:
        db.execute(Study.__table__.delete())
    assert "Drop films on this page" in client.get("/worklist").text
    assert "Nothing matches" in client.get("/worklist?sex=F").text
