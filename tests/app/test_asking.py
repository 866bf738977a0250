"""Similar cases beside an answer: the same JSON from the command line and over HTTP, and shown on the page."""

from __future__ import annotations

from pathlib import Path

from outcome import Cli
from starlette.testclient import TestClient

from prosvet.app.asking import AskRequest, run
from prosvet.app.http.app import create_app
from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.core.context import Context
from prosvet.core.settings import load_settings

QUESTION = "Есть ли пневмония?"


def test_every_face_has_the_same_evidence(cli: Cli, own_home: Path, shared_data: Path) -> None:
    film, settings = shared_data / "fullsize/cxr18995.png", load_settings({}, home=own_home, threads=1)
    with Context(settings) as context:
        assert ingest(IngestRequest(paths=(shared_data / "fullsize",), limit=3), context).failed == 0
    said = cli("ask", film, QUESTION, "--similar", "2", "--json", "--lang", "ru", "--home", own_home).result
    with TestClient(
        create_app(settings), base_url="http://127.0.0.1", headers={"Accept-Language": "ru"}
    ) as client, film.open("rb") as body:  # fmt: skip
        token = client.get("/ask").text.split('name="csrf" content="')[1].split('"')[0]
        sent = {"data": {"question": QUESTION, "similar": "2"}, "headers": {"X-CSRF-Token": token}}
        answer = client.post("/v1/ask", files={"film": ("cxr18995.png", body, "image/png")}, **sent).json()
        body.seek(0)
        part = client.post("/ask", files={"film": ("cxr18995.png", body, "image/png")}, **sent).text
    assert {key: said[key] for key in answer} == answer
    assert answer["similar"] and set(answer["evidence"][0]) >= {"finding", "box", "similar"}
    like = {case["image"] for case in answer["similar"] if "pneumonia" in case["concepts"]}
    assert set(answer["evidence"][0]["similar"]) == like
    assert all(f"/study/{case['study']}" in part for case in answer["similar"])


def test_why_there_are_no_similar_cases_is_said(own_home: Path, shared_data: Path, pydicom_data: Path) -> None:
    with Context(load_settings({}, home=own_home, threads=1)) as context:
        film = shared_data / "fullsize/cxr18995.png"
        empty = run(AskRequest(question=QUESTION, film=film, similar=2, lang="ru"), context)
        assert empty.answer and empty.similar == () and empty.similar_note
        other = run(AskRequest(question=QUESTION, film=pydicom_data / "RG3_UNCR.dcm", similar=2, lang="ru"), context)
        assert other.abstained and "прямых рентгенограмм" in other.similar_note
        unasked = run(AskRequest(question=QUESTION, film=film), context)
        assert (unasked.similar, unasked.similar_note) == ((), "")
