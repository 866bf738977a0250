"""/search: what was understood stands in chips, every chip changes the query, its address says it all."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from sqlalchemy import insert
from starlette.datastructures import QueryParams
from starlette.testclient import TestClient

from prosvet.app.web.kept import Kept, KeptQuestions
from prosvet.app.web.search_state import SearchState
from prosvet.archive.schema import Finding, Patient, Report, Study
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.errors import NotFound, QueryError
from prosvet.core.i18n import Lang
from prosvet.core.types import Side, Status
from prosvet.language.vocabulary import vocabulary
from prosvet.search.ask import Question
from prosvet.search.query import ParsedQuery, QueryConcept, parse_query
from prosvet.search.suggest import suggest
from prosvet.search.where import parse_where, write_where
from prosvet.search.written import write_query

_TEXTS = (
    ("right pleural effusion. No pneumothorax.", "pleural_effusion", "F"),
    ("Cardiomegaly. <b>Kerley</b> lines.", "cardiomegaly", "M"),
    ("Left pneumothorax.", "pneumothorax", "F"),
)


@pytest.fixture
def filled(app: FastAPI, client: TestClient) -> TestClient:
    """Thirty reports of three kinds."""
    with app.state.context.get(Store).write() as db:
        for n in range(30):
            words, concept, sex = _TEXTS[n % 3]
            db.execute(insert(Patient).values(id=f"P{n}", sex=sex))
            db.execute(insert(Study).values(id=f"S{n:02}", patient_id=f"P{n}", age=40 + n, date_shifted=False,
                                            source="test", description=""))  # fmt: skip
            db.execute(insert(Report).values(id=n + 1, study_id=f"S{n:02}", sha256=str(n), file=f"{n}.txt",
                                             language="en", indication="", findings=words, impression="",
                                             labels=[]))  # fmt: skip
            db.execute(insert(Finding).values(study_id=f"S{n:02}", report_id=n + 1, concept=concept, status="present",
                                              origin="report"))  # fmt: skip
    return client


def links(page: str, kind: str) -> list[str]:
    """Addresses of the links of a class."""
    return [unescape(url) for url in re.findall(rf'class="{kind}" href="([^"]+)"', page)]


def test_the_first_visit_shows_examples_that_find_something(filled: TestClient) -> None:
    english, russian = filled.get("/search").text, filled.get("/search", headers={"Accept-Language": "ru"}).text
    assert "cardiomegaly" in english and "10 studies" in english and "hiatal hernia" not in english
    assert "пневмоторакс" in russian and "10 исследований" in russian
    for url in links(english, "example card"):
        assert 'class="hit card"' in filled.get(url).text


def test_an_empty_archive_says_so(client: TestClient) -> None:
    assert "There is nothing to search yet" in client.get("/search").text
    assert "The archive is empty" in client.get("/search?q=pneumothorax").text


def test_a_query_is_shown_as_chips_with_marks_and_reasons(filled: TestClient) -> None:
    page = filled.get(
        "/search", params={"q": "right pleural effusion without pneumothorax, women over 60 frobnitz"}
    ).text
    assert "qchip-present" in page and "qchip-absent" in page and "pleural effusion on the right" in page
    assert "60 years and over" in page and "women" in page and "frobnitz" in page
    assert "<mark>pleural effusion</mark>" in page
    assert "in the report" in page


def test_a_chip_turns_the_query_round_and_its_address_says_so(filled: TestClient) -> None:
    page = filled.get("/search?q=pneumothorax").text
    turned = links(page, "qchip-turn")[0]
    assert parse_qs(urlsplit(turned).query)["c"] == ["absent:pneumothorax"]
    after = filled.get(turned).text
    assert "qchip-absent" in after and 'value="no pneumothorax"' in after and "Left pneumothorax" not in unescape(after)
    back = links(after, "qchip-turn")[0]
    assert "<mark>" in filled.get(back).text


def test_a_condition_is_set_changed_and_taken_away(filled: TestClient) -> None:
    first = filled.get("/search?q=pneumothorax&set=age&age_from=50&age_to=60")
    assert "age>=50 age<=60.99" in unescape(first.text) and "50–60 years" in first.text
    part = filled.get(first.url.copy_merge_params({"set": "sex", "sex": "M"}), headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith(("<div", "{#")) or "<html" not in part.text
    assert parse_qs(urlsplit(part.headers["HX-Push-Url"]).query)["where"] == ["sex=M age>=50 age<=60.99"]
    assert filled.get("/search?q=pneumothorax&set=age&age_from=old").status_code == 400
    assert filled.get("/search?q=pneumothorax&set=age&age_from=60&age_to=50").status_code == 400


def test_going_back_in_the_history_gives_the_whole_page(filled: TestClient) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in filled.get("/search?q=pneumothorax", headers=headers).text


@pytest.mark.parametrize(
    "query",
    [
        "q=こんにちは",
        "c=present:nonsense&edited=1",
        "q=x&where=foo",
        "image=-1",
        "image=99999",
        "kept=unknown",
        "report=9" * 3,
    ],
)
def test_what_makes_no_sense_is_told_on_the_page(filled: TestClient, query: str) -> None:
    answer = filled.get(f"/search?{query}")
    assert answer.status_code in (400, 404) and 'class="alert alert-bad"' in answer.text and 'id="q"' in answer.text


def test_more_hits_follow_without_a_gap_or_a_double(filled: TestClient) -> None:
    page = filled.get("/search?q=lungs&edited=1").text
    seen = re.findall(r'class="hit-open" href="([^"]+)"', page)
    more = unescape(re.findall(r'hx-get="(/search/more[^"]+)"', page)[0])
    seen += re.findall(r'class="hit-open" href="([^"]+)"', filled.get(more).text)
    assert len(seen) == len(set(seen)) == 30


def test_more_like_a_report_leaves_itself_out(filled: TestClient) -> None:
    page = filled.get("/search?report=1&in=reports").text
    assert '/study/S00"' not in page and '/study/S03"' in page


def test_a_report_is_asked_by_and_its_text_is_neither_in_the_address_nor_on_the_page(
    filled: TestClient, app: FastAPI
) -> None:
    token = re.findall(r'name="csrf" content="([^"]*)"', filled.get("/search").text)[0]
    answer = filled.post("/search/ask", data={"report": "Left pneumothorax of Ivanov."}, headers={
        "X-CSRF-Token": token, "HX-Request": "true"})  # fmt: skip
    url = answer.headers["HX-Redirect"]
    page = filled.get(url).text
    assert "Similar to the report" in page and "Ivanov" not in page and "Left <mark>pneumothorax</mark>" in page
    kept = app.state.context.get(KeptQuestions)
    (held,) = kept._held.values()
    assert "Ivanov" not in url and "Ivanov" not in held.question.query.model_dump_json()


def test_what_was_brought_is_there_for_the_one_who_brought_it() -> None:
    kept = KeptQuestions()
    token = kept.put(Kept("ivanov", "a.png", Question("image", ParsedQuery(language="ru"))))
    assert kept.get(token, Actor("ivanov", "reader")).name == "a.png"
    with pytest.raises(NotFound):
        kept.get(token, Actor("petrova", "admin"))


def test_an_answer_is_saved_as_a_cohort(filled: TestClient) -> None:
    page = filled.get("/search?q=pneumothorax").text
    token = re.findall(r'name="csrf" value="([^"]*)"', page)[0]
    state = unescape(re.findall(r'name="state" value="([^"]*)"', page)[0])
    body = {"csrf": token, "state": state, "name": "All", "how": "all"}
    assert "Open: 10 studies" in filled.post("/search/save", data=body).text
    body |= {"name": "Two", "how": "chosen", "s": ["S02", "S05"]}  # type: ignore[dict-item]
    assert "Open: 2 studies" in filled.post("/search/save", data=body).text
    assert filled.post("/search/save", data=body | {"s": []}).status_code == 400
    assert filled.post("/search/save", data=body).status_code == 422


def test_the_address_of_a_state_reads_back_as_itself() -> None:
    state = SearchState(q="x", where="sex=F", edited=True, words=("a", "б"), kind="reports", concepts=(
        QueryConcept(id="pneumothorax", status=Status.ABSENT),
        QueryConcept(id="cavity", status=Status.PRESENT, side=Side.LEFT),
    ))  # fmt: skip
    assert SearchState.of(QueryParams(state.query_string())) == state
    for bad in ("present:pneumothorax:up", "maybe:cavity", "present:cavity:left:lower:x"):
        with pytest.raises(QueryError):
            SearchState.of(QueryParams({"c": bad}))


@pytest.mark.parametrize("lang", ["ru", "en"])
def test_a_written_query_says_the_same_when_read_again(lang: Lang) -> None:
    wrong = []
    for concept in vocabulary().concepts:
        for status in (Status.PRESENT, Status.ABSENT):
            query = ParsedQuery(language=lang, concepts=(QueryConcept(id=concept, status=status),))
            again = parse_query(write_query(query, lang), "", lang).concepts
            if [(c.id, c.status) for c in again] != [(concept, status)]:
                wrong.append((concept, status.value, [(c.id, c.status.value) for c in again]))
    assert len(wrong) <= 0.12 * 2 * len(vocabulary().concepts), wrong


@pytest.mark.parametrize("where", [
    "sex=F age>=60 age<=69.99 date>=2015-01-01 date<=2016-02-03 view=frontal label=pneumothorax label!=cavity",
    "source='a, b' split=test patient=P1 study=S1",
])  # fmt: skip
def test_conditions_are_written_as_they_are_read(where: str) -> None:
    assert parse_where(write_where(parse_where(where))) == parse_where(where)
    assert parse_where("source='a, b'").source == "a, b"


def test_concepts_are_suggested_in_both_languages() -> None:
    assert suggest("гидрот", "ru")[0].name == "плевральный выпот"
    assert (
        suggest("выпот", "en")[0].name == "pleural effusion" and suggest("effus", "ru")[0].name == "плевральный выпот"
    )
    assert suggest("  ", "ru") == [] and len(suggest("п", "ru")) == 8
