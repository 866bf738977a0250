"""The models' pages: every limit and figure of the card, pictures of what was measured, the verdict on the weights."""

from __future__ import annotations

import html
import re

import pytest
from starlette.testclient import TestClient

from prosvet.core.context import Context
from prosvet.models.api import ModelsRequest, run
from prosvet.models.card import Card, cards, load_card
from prosvet.models.curves import load_curves
from prosvet.models.vlm.door import readers


@pytest.fixture(scope="module")
def card() -> Card:
    return load_card("compact")


def test_the_list_names_every_card(client: TestClient) -> None:
    page = client.get("/models").text
    assert "/models/compact" in page and "/models/compact-int8" in page


def test_models_without_weights_are_listed_by_task_and_say_so(client: TestClient) -> None:
    page = client.get("/models", headers={"Accept-Language": "ru"}).text
    vlm = page.split('id="task-vlm"')[1].split('id="task-encode"')[0]
    assert "/models/smolvlm-instruct" in vlm and "весов здесь нет" in vlm and "prosvet models add" in vlm
    assert "/models/rad-dino" in page.split('id="task-encode"')[1]
    assert 'hx-post="/models/smolvlm-instruct/verify"' not in page and 'hx-post="/models/tiny/verify"' in page


@pytest.mark.parametrize("name", [*readers(), *cards(None, "encode")])
def test_a_card_of_another_kind_shows_whose_it_is_and_what_it_cannot(client: TestClient, name: str) -> None:
    row = run(ModelsRequest(action="show", name=name), Context()).other
    assert row is not None
    page = html.unescape(client.get(f"/models/{name}", headers={"Accept-Language": "ru"}).text)
    assert all(limit in page for limit in row.limits["ru"]) and row.source in page
    assert "prosvet models add" in page and "style=" not in page


def test_a_card_shows_its_limits_in_the_users_language(client: TestClient, card: Card) -> None:
    page = client.get("/models/compact", headers={"Accept-Language": "ru"}).text
    for limit in card.limits["ru"]:
        assert limit.split("(")[0] in page
    assert page.count('<svg class="chart"') == 2 * page.count("<figure>")
    assert "style=" not in page


def test_pictures_are_of_the_source_that_is_chosen(client: TestClient, card: Card) -> None:
    curves = load_curves(card)
    assert curves is not None
    for source in curves.sources:
        page = client.get("/models/compact", params={"source": source.source}).text
        assert len(re.findall(r"<figure>", page)) == len(source.findings)
        assert ("alert-warn" in page) is source.same_hospitals
    assert client.get("/models/compact?source=nowhere").status_code == 404


@pytest.mark.parametrize("name", ["compact", "compact-int8"])
def test_curves_are_of_the_shipped_revision_and_agree_with_the_card(name: str) -> None:
    card = load_card(name)
    curves = load_curves(card)
    assert curves is not None and curves.revision == card.revision
    nih = next(one for one in curves.sources if one.source == "nih")
    known = {figure.metric: figure for figure in card.figures if figure.data == "test (NIH)"}
    assert nih.findings["abnormal"].auroc == pytest.approx(known["abnormal, AUROC"].value, abs=2e-4)
    for source in curves.sources:
        for one in source.findings.values():
            assert one.roc[0] == (0.0, 0.0) and one.roc[-1] == (1.0, 1.0)
            assert sum(b.n for b in one.bins) == one.positives + one.negatives
            assert one.low <= one.auroc <= one.high


def test_verifying_says_it_in_words(client: TestClient) -> None:
    page = client.get("/models").text
    header = {"X-CSRF-Token": page.split('name="csrf" content="')[1].split('"')[0]}
    found = client.post("/models/compact/verify", headers=header)
    assert "these are the weights described" in found.text
