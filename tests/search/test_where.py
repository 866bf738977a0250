"""Conditions for machines: what each key means, and what bad ones say."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from prosvet.archive.filters import StudyFilter
from prosvet.core.errors import QueryError
from prosvet.core.types import View
from prosvet.search.where import combine, parse_where


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", {}),
        ("sex=F", {"sex": "F"}),
        ("sex=male", {"sex": "M"}),
        ("age>=60 age<70", {"age_min": 60.0, "age_max": 69.99}),
        ("age>60,age<=70", {"age_min": 60.01, "age_max": 70.0}),
        ("age=5", {"age_min": 5.0, "age_max": 5.99}),
        ("view=frontal", {"view": View.FRONTAL}),
        ("date>=2015-01-01", {"date_from": date(2015, 1, 1)}),
        ("date>2015", {"date_from": date(2016, 1, 1)}),
        ("date<2015-03", {"date_to": date(2015, 2, 28)}),
        ("date=2015-03", {"date_from": date(2015, 3, 1), "date_to": date(2015, 3, 31)}),
        ("label=pneumothorax", {"concepts": ("pneumothorax",)}),
        ("label=effusion label!=пневмоторакс", {"concepts": ("pleural_effusion",), "without": ("pneumothorax",)}),
        ("source=nih split=test", {"source": "nih", "split": "test"}),
        ('source="open i" study=S1', {"source": "open i", "studies": ("S1",)}),
    ],
)
def test_conditions(expression: str, expected: dict[str, Any]) -> None:
    assert parse_where(expression).model_dump(exclude_defaults=True) == expected


@pytest.mark.parametrize(
    ("expression", "reason", "word"),
    [
        ("colour=red", "where_key", "colour"),
        ("age", "where_syntax", "age"),
        ("=5", "where_syntax", "=5"),
        ('source="open', "where_syntax", "open"),
        ("sex>F", "where_sign", "sex"),
        ("label>=mass", "where_sign", "label"),
        ("age>=old", "where_value", "old"),
        ("age=900", "where_value", "900"),
        ("sex=X", "where_value", "X"),
        ("view=oblique", "where_value", "oblique"),
        ("date=yesterday", "where_value", "yesterday"),
        ("label=banana", "where_value", "banana"),
        ("age>60 age<50", "empty_range", "age"),
        ("sex=F sex=M", "empty_range", "sex"),
    ],
)
def test_bad_conditions_say_what_is_wrong(expression: str, reason: str, word: str) -> None:
    with pytest.raises(QueryError) as error:
        parse_where(expression)
    assert error.value.details["reason"] == reason
    for lang in ("ru", "en"):
        assert word in error.value.message(lang)  # type: ignore[arg-type]


def test_both_hold_together() -> None:
    both = combine(
        StudyFilter(age_min=30, concepts=("mass",)), StudyFilter(age_min=40, age_max=50, concepts=("nodule",))
    )
    assert (both.age_min, both.age_max, both.concepts) == (40, 50, ("mass", "nodule"))
