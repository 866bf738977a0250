"""Russian agreement: cases of names, adjectives of side, verbs."""

from __future__ import annotations

import pymorphy3
import pytest

from prosvet.language.inflect import agree, phrase_in_case, sided
from prosvet.language.vocabulary import vocabulary

MORPH = pymorphy3.MorphAnalyzer()


@pytest.mark.parametrize(
    ("phrase", "case", "expected"),
    [
        ("плевральный выпот", "gent", "плеврального выпота"),
        ("пневмония", "accs", "пневмонию"),
        ("полость с распадом", "gent", "полости с распадом"),
        ("хроническая обструктивная болезнь лёгких", "accs", "хроническую обструктивную болезнь лёгких"),
        ("рак лёгкого", "accs", "рак лёгкого"),
        ("милиарный туберкулёз", "gent", "милиарного туберкулёза"),
        ("назогастральный зонд", "gent", "назогастрального зонда"),
        ("плевральные спайки", "gent", "плевральных спаек"),
        ("снижение костной плотности", "gent", "снижения костной плотности"),
        ("тень соска", "accs", "тень соска"),
        ("импланты молочных желёз", "accs", "импланты молочных желёз"),
        ("очаг Гона", "loct", "очаге Гона"),
    ],
)
def test_a_name_in_a_case(phrase: str, case: str, expected: str) -> None:
    assert phrase_in_case(phrase, case) == expected


@pytest.mark.parametrize(
    ("phrase", "case", "expected"),
    [
        ("пневмоторакс", "nomn", "правосторонний пневмоторакс"),
        ("пневмония", "gent", "правосторонней пневмонии"),
        ("пневмония", "accs", "правостороннюю пневмонию"),
        ("плевральный выпот", "accs", "правосторонний плевральный выпот"),
        ("плевральные спайки", "nomn", "правосторонние плевральные спайки"),
        ("полость с распадом", "accs", "правостороннюю полость с распадом"),
    ],
)
def test_the_adjective_of_side_agrees(phrase: str, case: str, expected: str) -> None:
    assert sided("правосторонний", phrase, case) == expected


@pytest.mark.parametrize(
    ("word", "phrase", "expected"),
    [
        ("определяется", "пневмония", "определяется"),
        ("определяется", "плевральные спайки", "определяются"),
        ("Выявлен", "пневмония", "выявлена"),
        ("Возможен", "утолщение плевры", "возможно"),
        ("выявлен", "кальцинаты в лимфатических узлах", "выявлены"),
        ("выявлен", "ателектаз", "выявлен"),
    ],
)
def test_a_verb_agrees(word: str, phrase: str, expected: str) -> None:
    assert agree(word, phrase) == expected


@pytest.mark.parametrize("concept", vocabulary().concepts)
def test_adjectives_before_every_name_follow_its_noun(concept: str) -> None:
    name = vocabulary()[concept].names["ru"]
    for case in ("gent", "accs", "loct"):
        before, after = name.split(), phrase_in_case(name, case).split()
        assert len(before) == len(after)
        for adjective in [word for word in after[: _head(before)]]:
            tags = [parse.tag for parse in MORPH.parse(adjective)]
            wanted = {case, "nomn"} if case == "accs" else {case}
            assert any(tag.case in wanted for tag in tags), (name, case, adjective)


def _head(words: list[str]) -> int:
    """Where the noun stands that the adjectives before it follow."""
    return next(i for i, word in enumerate(words) if not word.endswith(("ый", "ий", "ая", "ое", "ые", "ие"))
                or "NOUN" in {parse.tag.POS for parse in MORPH.parse(word)[:1]})  # fmt: skip
