"""What a question means, in either language; and that a word which is not understood is never passed over."""

from __future__ import annotations

import pytest

from prosvet.core.types import Side, Zone
from prosvet.reading.ask.understand import understand


@pytest.mark.parametrize(
    ("question", "kind", "concepts"),
    [
        ("Есть ли пневмоторакс справа?", "presence", ["pneumothorax"]),
        ("Нет ли пневмоторакса?", "presence", ["pneumothorax"]),
        ("Is there a nodule in the right upper zone?", "presence", ["nodule"]),
        ("Увеличено ли сердце?", "presence", ["cardiomegaly"]),
        ("Что видно на снимке?", "what", []), ("What are the findings?", "what", []),
        ("Где выпот?", "where", ["pleural_effusion"]), ("С какой стороны выпот?", "where", ["pleural_effusion"]),
        ("Which side is the effusion on?", "where", ["pleural_effusion"]),
        ("Какой КТИ?", "ratio", []), ("How big is the heart?", "ratio", ["cardiomegaly"]),
        ("Насколько увеличено сердце?", "ratio", ["cardiomegaly"]),
        ("Какая это проекция?", "view", []), ("Is it a lateral view?", "view", []),
        ("Это норма?", "normal", []), ("Is the film normal?", "normal", ["normal"]),
        ("Что вероятнее: пневмония или ателектаз?", "compare", ["pneumonia", "atelectasis"]),
        ("Is pneumonia more likely than a mass?", "compare", ["pneumonia", "mass"]),
        ("Есть ли пневмония и выпот?", "both", ["pneumonia", "pleural_effusion"]),
        ("Какова вероятность пневмоторакса?", "likelihood", ["pneumothorax"]),
    ],
)  # fmt: skip
def test_a_question_is_understood(question: str, kind: str, concepts: list[str]) -> None:
    found = understand(question)
    assert found is not None, question
    assert found.kind == kind
    assert [claim.concept for claim in found.claims] == concepts


@pytest.mark.parametrize(
    "question",
    [
        "Is the effusion larger than before?", "Увеличился ли выпот?", "Is there no effusion?", "Сколько лет пациенту?",
        "Нужна ли операция?", "Which is least likely, pneumonia or mass?", "Is there more effusion than pneumothorax?",
        "Выпот больше, чем ателектаз?", "Есть ли большой выпот?", "Что это за пациент?", "?",
    ],
)  # fmt: skip
def test_what_is_not_understood_to_its_last_word_is_not_answered(question: str) -> None:
    assert understand(question) is None


def test_a_place_in_another_case_is_heard_and_never_lost() -> None:
    found = understand("Есть ли очаг в верхней доле слева?")
    assert found is not None
    assert (found.claims[0].side, found.claims[0].zone) == (Side.LEFT, Zone.UPPER)
