"""Russian prompts for an English encoder: what is known is translated with its weight, what is not is told."""

from __future__ import annotations

from prosvet.synthesis.prompt import Clause
from prosvet.synthesis.sdxl.words import english


def test_findings_keep_side_zone_and_weight() -> None:
    told = english("(левосторонняя нижнедолевая пневмония:1.5), lungs otherwise clear")
    first, second = told.clauses
    assert (first.weight, second) == (1.5, Clause(", lungs otherwise clear", 1.0))
    assert first.text.startswith("pneumonia")
    assert "left" in first.text
    assert "lower" in first.text
    assert (told.translated, told.lost) == (True, ())


def test_absent_and_normal_are_said_as_such() -> None:
    assert english("Плеврального выпота нет.").text == "no pleural effusion"
    assert english("Рентгенограмма грудной клетки без патологических изменений.").text.startswith("normal chest x-ray")


def test_what_is_not_known_is_told_and_english_is_left_alone() -> None:
    assert english("ёлка в снегу").lost == ("ёлка в снегу",)
    plain = english("Chest x-ray. Cardiomegaly.")
    assert (plain.text, plain.translated) == ("Chest x-ray. Cardiomegaly.", False)
