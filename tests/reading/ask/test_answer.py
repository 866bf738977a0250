"""What is said of a reading: never more than it says, and an abstention where it is silent."""

from __future__ import annotations

import pytest

from prosvet.core.types import Evidence, Finding, Gates, Measurement, ModelRef, Side, Status, View, Zone
from prosvet.models.card import load_card
from prosvet.reading.ask.answer import Reply, reply
from prosvet.reading.ask.understand import understand
from prosvet.reading.ask.wording import evidence_words, reply_words
from prosvet.reading.several import Looked

GATES = Gates(
    is_chest_xray=True, chest_xray_probability=1.0, view=View.FRONTAL, lateral_probability=0.0, inverted=False,
    inverted_probability=0.0, rotated=0,
)  # fmt: skip
MODEL = ModelRef(name="compact", revision="1", operating_point="balanced")
MAP = (Evidence(kind="map", peak=(1.0, 1.0), box=(0.0, 0.0, 2.0, 2.0)),)


def finding(concept: str, status: Status, p: float, side: Side | None = None, zone: Zone | None = None) -> Finding:
    return Finding(concept=concept, status=status, probability=p, side=side, zone=zone, evidence=MAP if side else ())


SICK = Looked(
    gates=GATES,
    model=MODEL,
    findings=(
        finding("abnormal", Status.PRESENT, 0.9),
        finding("pleural_effusion", Status.PRESENT, 0.8, Side.RIGHT, Zone.LOWER),
        finding("pneumonia", Status.UNCERTAIN, 0.45, Side.LEFT, Zone.LOWER),
        finding("atelectasis", Status.UNCERTAIN, 0.4, Side.LEFT),
        finding("mass", Status.ABSENT, 0.02),
        finding("emphysema", Status.PRESENT, 0.7),
        Finding(concept="fracture", status=Status.NOT_ASSESSED),
    ),
    measurements=(Measurement(name="cardiothoracic_ratio", value=0.56),),
)


def said(question: str, looked: Looked = SICK) -> Reply:
    return reply(understand(question), looked)


@pytest.mark.parametrize(
    ("question", "said_", "answered", "answer"),
    [
        ("Есть ли плевральный выпот?", "yes", True, "yes"),
        ("Есть ли выпот справа?", "yes", True, "yes"),
        ("Есть ли выпот слева?", "place_not_assessed", False, None),
        ("Is there a mass?", "no", True, "no"),
        ("Есть ли пневмония?", "uncertain", False, None),
        ("Есть ли перелом?", "not_assessed", False, None),
        ("Это норма?", "normal_no", True, None),
        ("Is the film normal?", "normal_no", True, "no"),
        ("Где выпот?", "where", True, None),
        ("Где пневмония?", "where_uncertain", True, None),
        ("Где образование?", "where_absent", True, None),
        ("Где эмфизема?", "where_unknown", False, None),
        ("Где перелом?", "not_assessed", False, None),
        ("Какой КТИ?", "ratio", True, None),
        ("Что вероятнее: выпот или образование?", "compare", True, None),
        ("Что вероятнее: пневмония или ателектаз?", "compare_alike", False, None),
        ("Что вероятнее: перелом или выпот?", "compare_not_assessed", False, None),
        ("Есть ли выпот и перелом?", "both_partly", True, None),
        ("Какая проекция?", "view_frontal", True, None),
        ("Нужна ли операция?", "not_understood", False, None),
    ],
)
def test_an_answer_says_what_the_reading_says(question: str, said_: str, answered: bool, answer: str | None) -> None:
    found = said(question)
    assert (found.said, found.answered, found.answer) == (said_, answered, answer)


def test_every_answer_has_words_in_both_languages() -> None:
    for question in ("Есть ли выпот справа?", "Что видно на снимке?", "Какой КТИ?", "Есть ли выпот слева?"):
        for lang in ("ru", "en"):
            words = reply_words(said(question), understand(question), lang)
            assert words[0].isupper() and "{" not in words
    assert "0,56" in reply_words(said("Какой КТИ?"), understand("Какой КТИ?"), "ru")
    assert "справа" in reply_words(said("Где выпот?"), understand("Где выпот?"), "ru")


def test_a_side_view_answers_of_its_view_and_of_nothing_else() -> None:
    side = Looked(gates=GATES.model_copy(update={"view": View.LATERAL}), model=MODEL)
    assert said("Какая проекция?", side).said == "view_lateral"
    assert said("Есть ли выпот?", side) == Reply("not_frontal", answered=False)


def test_what_is_no_chest_film_answers_nothing() -> None:
    other = Looked(gates=GATES.model_copy(update={"is_chest_xray": False, "view": View.UNKNOWN}), model=MODEL)
    assert said("Какая проекция?", other) == Reply("not_chest_xray", answered=False)


def test_a_finding_between_its_thresholds_says_so() -> None:
    card = load_card("compact")
    between = Finding(concept="pneumonia", status=Status.NOT_ASSESSED, probability=0.2)
    assert "0,20" in evidence_words(between, card, "balanced", "ru")[0]
    assert evidence_words(Finding(concept="fracture", status=Status.NOT_ASSESSED), card, "balanced", "en") == [
        "the model was not trained for this finding"
    ]
