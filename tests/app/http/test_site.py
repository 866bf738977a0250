"""The site's model over HTTP and on its page: fit, compare, use, go back, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from prosvet.app.http.app import create_app
from prosvet.core.settings import load_settings
from training.site.sites import BASE, fill, table, world

from .people import add_people, csrf_in, signed_in

BY = {"by": "petrova", "why": "Better in May."}


@pytest.fixture
def filled(app: FastAPI, client: TestClient, tmp_path: Path) -> Iterator[tuple[TestClient, str]]:
    """A client of an archive of 60 films, and their labels as a table."""
    cases = world(60, scale=0.5, shift=2.5)
    fill(cases, app.state.context)
    yield client, table(cases, tmp_path / "may.csv").read_text()


def test_fit_use_and_back(filled: tuple[TestClient, str]) -> None:
    client, labels = filled
    shown = client.get("/v1/site").json()
    assert shown["model"] == f"compact@{BASE.revision}" and shown["adapters"] == []
    made = client.post("/v1/site/fit", files={"labels": ("may.csv", labels)}, data={"name": "May"})
    assert made.status_code == 200, made.text
    assert made.json()["card"]["films"] == 60 and made.json()["revision"] == f"{BASE.revision}+local.1"
    told = client.get("/v1/site/compare").json()
    assert told["on"] == "folds" and {row["finding"] for row in told["rows"]} == {"abnormal", "pneumonia"}
    assert client.get("/v1/site/adapters/1").json()["card"]["labels_from"] == "may.csv"
    assert client.get("/readyz").json()["revision"] == BASE.revision

    used = client.post("/v1/site/use", json={"adapter": 1} | BY)
    assert used.status_code == 200 and used.json()["model"].endswith("+local.1")
    assert client.get("/readyz").json()["revision"] == f"{BASE.revision}+local.1"  # with the next request
    assert "site.rescore" in {job["capability"] for job in client.get("/v1/jobs").json()["jobs"]}
    back = client.post("/v1/site/back", json=BY)
    assert back.status_code == 200 and client.get("/readyz").json()["revision"] == BASE.revision


@pytest.mark.parametrize(
    ("address", "body", "status"),
    [
        ("/v1/site/use", {"adapter": 7} | BY, 404), ("/v1/site/use", {"adapter": 0, "why": "x"}, 409),
        ("/v1/site/use", {"adapter": 0, "by": "petrova", "why": " "}, 409), ("/v1/site/back", BY, 409),
        ("/v1/site/back", BY | {"to": 5}, 409), ("/v1/site/use", {"adapter": -1} | BY, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(client: TestClient, address: str, body: dict[str, object], status: int) -> None:
    answer = client.post(address, json=body)
    assert answer.status_code == status and answer.json()["error"]["message"]
    assert client.get("/v1/site").json()["history"] == []


@pytest.mark.parametrize(("lang", "title"), [("ru", "Модель учреждения"), ("en", "This site's model")])
def test_the_page_shows_the_model_the_table_and_the_way_back(
    filled: tuple[TestClient, str], lang: str, title: str
) -> None:
    client, labels = filled
    head = {"Accept-Language": lang}
    assert title in client.get("/site", headers=head).text.replace("&#39;", "'")
    client.post("/v1/site/fit", files={"labels": ("may.csv", labels)}, data={"name": "<b>May</b>"})
    client.post("/v1/site/use", json={"adapter": 1} | BY)
    page = client.get("/site", headers=head)
    assert page.status_code == 200
    assert f"compact@{BASE.revision}+local.1" in page.text and 'action="/site/back"' in page.text
    assert "&lt;b&gt;May" in page.text and "<b>May" not in page.text
    assert "Better in May." in page.text and "petrova" in page.text


def test_only_a_senior_changes_it(own_home: Path) -> None:
    app = create_app(load_settings({}, home=own_home, threads=1), accounts=True)
    add_people(app)
    reader = signed_in(app, "reader")
    assert reader.get("/v1/site").status_code == 200 and reader.get("/site").status_code == 200
    for address, body in (("/v1/site/use", {"adapter": 0, "why": "x"}), ("/v1/site/back", {"why": "x"})):
        assert reader.post(address, json=body).status_code == 403
    assert 'action="/site/use"' not in reader.get("/site").text
    assert signed_in(app, "researcher").get("/v1/site").status_code == 403
    made = signed_in(app, "senior").post("/v1/site/use", json={"adapter": 0, "why": "x", "by": "somebody"})
    assert made.status_code == 200 and made.json()["deployment"]["by"] == "orlova"


def test_the_page_fits_compares_uses_and_goes_back(filled: tuple[TestClient, str]) -> None:
    client, labels = filled
    token = {"csrf": csrf_in(client.get("/site").text)}
    table_ = {"labels": ("may.csv", labels)}
    made = client.post("/site/fit", files=table_, data=token | {"name": "May"})
    assert (made.status_code, made.headers.get("HX-Redirect")) == (204, "/site?adapter=1")
    seen = client.post("/site/compare", files=table_, data=token | {"adapter": "1"})
    assert seen.status_code == 422 and "has not seen" in seen.text  # all of them are patients it was fitted on
    used = client.post("/site/use", data=token | {"adapter": "1"} | BY, follow_redirects=False)
    assert (used.status_code, used.headers["Location"]) == (303, "/site")
    assert client.get("/v1/site").json()["deployment"]["adapter"] == 1
    assert client.post("/site/back", data=token | {"to": ""} | BY, follow_redirects=False).status_code == 303
    assert client.get("/v1/site").json()["deployment"]["restores"] == 0
