"""Queries in two languages are understood alike; what cannot be understood is refused."""

from __future__ import annotations

import pytest

from prosvet.core.errors import QueryError, QueryLanguage
from prosvet.core.types import Side, Status, Zone
from prosvet.search.query import LONGEST, parse_query


def concepts(text: str) -> list[tuple[str, str]]:
    return [(c.id, c.status.value) for c in parse_query(text).concepts]


@pytest.mark.parametrize(
    ("russian", "english"),
    [
        (
            "правосторонний выпот без пневмоторакса, женщины старше 60",
            "right effusion without pneumothorax, women over 60",
        ),
        ("кардиомегалия у мужчин до 40 лет", "cardiomegaly in men up to 40"),
        ("перелом ребра за 2012 год", "rib fracture in 2012"),
        ("норма, прямая проекция", "normal chest, frontal view"),
        ("туберкулёз с января 2020", "tuberculosis since January 2020"),
        ("ателектаз слева", "left atelectasis"),
    ],
)
def test_both_languages_mean_the_same(russian: str, english: str) -> None:
    ru, en = parse_query(russian), parse_query(english)
    assert (ru.language, en.language) == ("ru", "en")
    assert ru.concepts == en.concepts and ru.concepts
    assert ru.filters == en.filters


def test_the_example_of_the_manual() -> None:
    query = parse_query("правосторонний выпот без пневмоторакса, женщины старше 60")
    assert [c.id for c in query.wanted] == ["pleural_effusion"] and query.wanted[0].side is Side.RIGHT
    assert [c.id for c in query.excluded] == ["pneumothorax"]
    assert (query.filters.sex, query.filters.age_min) == ("F", 60)
    assert query.free_text == "правосторонний выпот"


def test_place_is_kept() -> None:
    (concept,) = parse_query("очаг в верхней доле левого лёгкого").concepts
    assert (concept.side, concept.zone, concept.status) == (Side.LEFT, Zone.UPPER, Status.PRESENT)


def test_a_kind_makes_its_parent_needless() -> None:
    assert ("lung_opacity", "present") not in concepts("opacity in the right lung, consolidation")
    assert ("consolidation", "present") in concepts("opacity in the right lung, consolidation")


def test_words_and_where_hold_together() -> None:
    query = parse_query("пневмония у женщин", "age>=60 source=nih")
    assert (query.filters.sex, query.filters.age_min, query.filters.source) == ("F", 60, "nih")


def test_a_report_has_no_conditions() -> None:
    query = parse_query("65-year-old woman with pneumonia in 2012.", conditions=False)
    assert query.filters.model_dump(exclude_defaults=True) == {}


def test_free_words_without_concepts_remain() -> None:
    query = parse_query("show me films with Kerley lines please")
    assert "Kerley" in query.free_text and "show" not in query.free_text


def test_conditions_alone_are_a_query() -> None:
    query = parse_query("2012-2015", lang="en")
    assert query.language == "en" and query.filters.date_from is not None and not query.free_text


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "empty"), (" \n\t", "empty"), ("a" * (LONGEST + 1), "too_long"), ("выпот " * 5000, "too_long")],
)
def test_empty_and_enormous_queries_are_refused(text: str, reason: str) -> None:
    with pytest.raises(QueryError) as error:
        parse_query(text)
    assert error.value.details["reason"] == reason
    assert error.value.message("ru") != error.value.message("en")


@pytest.mark.parametrize(
    "text", ["épanchement pleural droit sans pneumothorax", "右侧胸腔积液", "Pleuraerguss rechts ohne Pneumothorax"]
)
def test_third_language_is_refused(text: str) -> None:
    with pytest.raises(QueryLanguage):
        parse_query(text)
