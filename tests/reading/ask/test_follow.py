"""A question that leans on the ones before it is asked of their finding; one that does not is left as it is."""

from __future__ import annotations

import pytest

from prosvet.core.types import Side
from prosvet.reading.ask.follow import in_context
from prosvet.reading.ask.understand import understand


@pytest.mark.parametrize(
    ("before", "question", "kind", "concept", "side"),
    [
        (["Есть ли выпот?"], "А слева?", "presence", "pleural_effusion", Side.LEFT),
        (["Is there an effusion?"], "And on the left?", "presence", "pleural_effusion", Side.LEFT),
        (["Есть ли выпот?", "А слева?"], "А справа?", "presence", "pleural_effusion", Side.RIGHT),
        (["Есть ли выпот?"], "А где?", "where", "pleural_effusion", None),
        (["Is there an effusion?"], "Where is it?", "where", "pleural_effusion", None),
        (["Есть ли выпот?"], "А насколько вероятно?", "likelihood", "pleural_effusion", None),
        (["Есть ли выпот?"], "А пневмоторакс?", "presence", "pneumothorax", None),
        (["Где выпот?"], "А пневмония?", "where", "pneumonia", None),
        (["Есть ли выпот?"], "Он новый?", "change", "pleural_effusion", None),
        (["Это норма?", "Есть ли выпот?", "Какая проекция?"], "А слева?", "presence", "pleural_effusion", Side.LEFT),
    ],
)  # fmt: skip
def test_what_was_said_before_completes_a_question(
    before: list[str], question: str, kind: str, concept: str, side: Side | None
) -> None:
    found = understand(in_context(question, before))
    assert found is not None
    assert (found.kind, found.claims[0].concept, found.claims[0].side) == (kind, concept, side)


@pytest.mark.parametrize("question", ["Какой КТИ?", "Is there pneumonia?", "Сколько лет пациенту?", "А сколько лет?"])
def test_what_stands_by_itself_or_cannot_be_helped_is_left(question: str) -> None:
    assert in_context(question, ["Есть ли выпот?"]) == question


def test_nothing_before_is_nothing_to_lean_on() -> None:
    assert in_context("А слева?", []) == "А слева?"
