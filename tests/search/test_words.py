"""Conditions in people's words, in both languages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from prosvet.core.errors import QueryError
from prosvet.search.moments import parse_moment
from prosvet.search.words import filters_in_words


def found(text: str) -> dict[str, Any]:
    return filters_in_words(text).filter.model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    ("text", "sex"),
    [("женщины", "F"), ("у женщины", "F"), ("пациентка", "F"), ("women", "F"), ("a female patient", "F"),
     ("мужчины", "M"), ("мужской пол", "M"), ("men", "M"), ("male", "M")],
)  # fmt: skip
def test_sex(text: str, sex: str) -> None:
    assert found(text) == {"sex": sex}


@pytest.mark.parametrize("text", ["мужчины и женщины", "men and women", "пациент", "patients", "mentioned", "omen"])
def test_no_sex(text: str) -> None:
    assert found(text) == {}


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("старше 60", 60, None), ("не моложе 60 лет", 60, None), ("over 60", 60, None), ("60+", 60, None),
     ("60 and over", 60, None), ("от 60 лет", 60, None), ("at least 60 years old", 60, None),
     ("до 40 лет", None, 40), ("не старше 40", None, 40), ("up to 40", None, 40), ("not older than 40", None, 40),
     ("младше 40", None, 39.99), ("under 40", None, 39.99), ("younger than 40 years", None, 39.99),
     ("aged 30-50", 30, 50), ("от 30 до 50 лет", 30, 50), ("between 30 and 50 years", 30, 50), ("30–50 лет", 30, 50),
     ("в возрасте 30-50", 30, 50), ("aged 30 to 50", 30, 50), ("старше 60 и младше 80", 60, 79.99),
     ("65 лет", 65, 65.99), ("65-year-old", 65, 65.99), ("65-летняя", 65, 65.99), ("в возрасте 65 лет", 65, 65.99),
     ("дети", None, 17.99), ("у ребёнка", None, 17.99), ("children", None, 17.99), ("pediatric", None, 17.99),
     ("новорождённый", None, 1), ("infants", None, 1), ("взрослые", 18, None), ("adults", 18, None),
     ("пожилые", 60, None), ("elderly patients", 60, None)],
)  # fmt: skip
def test_age(text: str, low: float | None, high: float | None) -> None:
    expected = {"age_min": low, "age_max": high}
    assert found(text) == {name: value for name, value in expected.items() if value is not None}


@pytest.mark.parametrize(
    "text", ["очаг 8 мм", "nodule over 60 mm", "КТИ больше 60%", "перелом 3 года назад", "12 rib", "COVID-19", "T12"]
)
def test_other_numbers_are_no_ages(text: str) -> None:
    assert found(text) == {}


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [("за 2012 год", "2012-01-01", "2012-12-31"), ("in 2012", "2012-01-01", "2012-12-31"),
     ("2012 г.", "2012-01-01", "2012-12-31"), ("за март 2019", "2019-03-01", "2019-03-31"),
     ("in February 2020", "2020-02-01", "2020-02-29"), ("с января 2020", "2020-01-01", None),
     ("since 2015", "2015-01-01", None),
     ("начиная с 2015 года", "2015-01-01", None), ("after 2015", "2016-01-01", None),
     ("после 2015 года", "2016-01-01", None), ("before 2015", None, "2014-12-31"), ("до 2015 года", None, "2014-12-31"),
     ("until 2015", None, "2015-12-31"), ("с 2012 по 2015 год", "2012-01-01", "2015-12-31"),
     ("between 2012 and 2015", "2012-01-01", "2015-12-31"), ("2012-2015", "2012-01-01", "2015-12-31"),
     ("с 01.02.2020 по 15.03.2021", "2020-02-01", "2021-03-15"), ("on 2020-02-03", "2020-02-03", "2020-02-03"),
     ("5 января 2012", "2012-01-05", "2012-01-05"), ("January 5, 2012", "2012-01-05", "2012-01-05")],
)  # fmt: skip
def test_date(text: str, first: str | None, last: str | None) -> None:
    expected = {"date_from": first and date.fromisoformat(first), "date_to": last and date.fromisoformat(last)}
    assert found(text) == {name: value for name, value in expected.items() if value is not None}


@pytest.mark.parametrize(
    ("text", "view"),
    [("прямая проекция", "frontal"), ("в прямой проекции", "frontal"), ("frontal view", "frontal"),
     ("PA view", "frontal"),
     ("боковой снимок", "lateral"), ("на боковых рентгенограммах", "lateral"), ("lateral films", "lateral")],
)  # fmt: skip
def test_view(text: str, view: str) -> None:
    assert found(text) == {"view": view}


def test_lateral_place_is_no_view() -> None:
    assert found("opacity in the lateral costophrenic sinus") == {}


def test_the_rest_keeps_its_places() -> None:
    text = "пневмония у женщин старше 60 за 2012 год справа"
    rest = filters_in_words(text).rest
    assert len(rest) == len(text) and rest.split() == ["пневмония", "справа"]
    assert text.index("справа") == rest.index("справа")


def test_conditions_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(QueryError):
        filters_in_words("старше 60 лет, младше 40 лет")


@pytest.mark.parametrize("text", ["2012-13-01", "31.02.2020", "2020-02-30", "весна", "20", "0000"])
def test_no_such_day(text: str) -> None:
    assert parse_moment(text) is None
