"""A task taken apart: what each part asks for, in either language, and nothing passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from prosvet.agent.case import Case
from prosvet.agent.tasks import missing, parts_of, plan

FILE = Case(Path("a.png"), Path("."), "ru")
STORED = Case(Path("a.png"), Path("."), "ru", study="S2", image=2, prior="S1", report="Лёгкие чистые.", reader="big")


@pytest.mark.parametrize(
    ("task", "kinds"),
    [
        ("Опиши снимок, сравни с предыдущим и найди похожие", ["describe", "prior", "similar"]),
        ("Is there an effusion, and where?", ["question"]),
        ("Есть ли выпот? А слева?", ["question", "question"]),
        ("Найди исследования с пневмотораксом и переломом", ["search"]),
        ("Измерь сердце и скажи, есть ли застой", ["measure", "question"]),
        ("Проверь протокол", ["check"]),
        ("Оцени черновик против протокола", ["evaluate"]),
        ("Describe the film and find similar ones", ["describe", "similar"]),
        ("Is the heart enlarged? Measure it.", ["question", "measure"]),
        ("Что видно на снимке?", ["describe"]),
        ("Сколько лет пациенту?", ["unknown"]),
    ],
)
def test_a_task_is_taken_apart(task: str, kinds: list[str]) -> None:
    assert [part.kind for part in parts_of(task)] == kinds


def test_a_part_that_leans_on_the_one_before_is_put_in_full() -> None:
    assert parts_of("Есть ли выпот? А слева?")[1].text == "Есть ли плевральный выпот слева?"


def test_a_plan_reads_first_and_calls_nothing_twice() -> None:
    calls = plan(parts_of("Опиши снимок. Опиши его ещё раз. Найди похожие"), FILE)
    assert [call.name for call in calls] == ["read", "search_similar"]


def test_what_the_case_lacks_is_not_called_but_named() -> None:
    parts = parts_of("Сравни с предыдущим и проверь протокол")
    assert [call.name for call in plan(parts, FILE)] == ["read"]
    assert [missing(part, FILE) for part in parts] == ["prior", "report"]
    assert [call.name for call in plan(parts, STORED)] == ["read", "compare_prior", "check_report"]


def test_a_reader_is_asked_what_the_fixed_plan_does_not_understand() -> None:
    calls = plan(parts_of("Сколько лет пациенту?"), STORED)
    assert [call.name for call in calls] == ["read", "ask_reader"]
