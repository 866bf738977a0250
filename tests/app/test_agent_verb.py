"""`prosvet ask FILE QUESTION` and `prosvet agent FILE TASK`: what a person and a program get."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from outcome import Cli


@pytest.fixture
def film(shared_data: Path) -> Path:
    return shared_data / "fullsize" / "cxr18995.png"


def test_a_question_is_answered_in_the_promised_shape(film: Path, cli: Cli) -> None:
    done = cli("ask", film, "Есть ли пневмония и где?", "--json")
    result = json.loads(done.out)["result"]
    assert done.status == 0
    assert {"answer", "abstained", "evidence", "confidence"} <= set(result)
    assert not result["abstained"] and "пневмония" in result["answer"].casefold()
    assert 0.5 < result["confidence"] <= 1
    first = result["evidence"][0]
    assert first["finding"]["concept"] == "pneumonia" and len(first["box"]) == 4


def test_a_question_that_leans_on_another_and_one_that_is_not_understood(film: Path, cli: Cli) -> None:
    done = cli("ask", film, "А справа?", "--after", "Есть ли пневмония?", "--json")
    result = json.loads(done.out)["result"]
    assert result["understood_as"] == "Есть ли пневмония справа?"
    assert not result["abstained"]
    other = json.loads(cli("ask", film, "Сколько лет пациенту?", "--json").out)["result"]
    assert other["abstained"] and other["confidence"] is None and other["can"]


def test_a_file_and_words_are_needed_or_a_study_and_words(film: Path, cli: Cli) -> None:
    assert cli("ask", "Есть ли пневмония?").status == 2
    assert cli("ask", film, "Есть ли пневмония?", "--study", "S1").status == 2
    assert cli("agent", "Опиши снимок").status == 2
    assert cli("ask", film, "Есть ли пневмония?", "--reader", "nobody").status != 0


def test_a_task_shows_its_steps_and_keeps_its_trace(film: Path, cli: Cli) -> None:
    done = cli("agent", film, "Измерь сердце и скажи, есть ли пневмония", "--json")
    result = json.loads(done.out)["result"]
    assert [step["tool"] for step in result["trace"]["steps"]] == ["read", "measure", "ask"]
    assert result["trace"]["stopped"] == "answered" and result["agreement"]["problems"] == []
    shown = cli("agent", film, "Измерь сердце")
    assert shown.status == 0
    assert "1. read" in shown.out and "2. measure" in shown.out and "Кардиоторакальный индекс" in shown.out


def test_a_run_that_ends_without_an_answer_is_exit_1(film: Path, cli: Cli) -> None:
    done = cli("agent", film, "Измерь сердце. Есть ли пневмония?", "--steps", "1")
    assert done.status == 1
    assert "предел шагов" in done.out
