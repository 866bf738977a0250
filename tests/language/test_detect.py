"""Russian, English or both; a third language is refused."""

from __future__ import annotations

import pytest

from prosvet.core.errors import QueryLanguage
from prosvet.language.detect import detect_language


@pytest.mark.parametrize(
    "text",
    ["правосторонний выпот", "женщины старше 60 лет", "пневмония при COVID-19", "ТБ", "КТИ > 0,5", "норма",
     "туберкулёз справа, снимок PA"],
)  # fmt: skip
def test_russian(text: str) -> None:
    assert detect_language(text) == "ru"


@pytest.mark.parametrize(
    "text",
    ["right pleural effusion", "women over 60", "normal chest", "COVID", "ETT and NG tube", "Kerley B lines",
     "Sjögren syndrome with interstitial disease", "cafe", "de novo mass", "lesion of the left lung"],
)  # fmt: skip
def test_english(text: str) -> None:
    assert detect_language(text) == "en"


@pytest.mark.parametrize("text", ["выпот and pneumothorax", "pneumonia справа в нижней доле"])
def test_both(text: str) -> None:
    assert detect_language(text) == "mixed"


@pytest.mark.parametrize("text", ["", "60", "?!", "2020-01-01"])
def test_a_text_without_letters_is_of_either(text: str) -> None:
    assert detect_language(text) == "mixed"


@pytest.mark.parametrize(
    "text",
    ["Pleuraerguss rechts", "Verschattung im linken Unterlappen", "épanchement pleural gauche",
     "derrame pleural derecho", "versamento pleurico destro", "odma opłucnowa", "plevral efüzyon sağ",
     "плевральний випіт справа", "правобічний випіт", "плеврален излив десностранен", "胸腔积液", "右胸水",
     "انصباب جنبي", "흉막 삼출", "תפליט פלאורלי", "प्लुरल इफ्यूज़न"],
)  # fmt: skip
def test_a_third_language_is_refused(text: str) -> None:
    with pytest.raises(QueryLanguage):
        detect_language(text)


def test_an_eponym_does_not_make_a_text_foreign() -> None:
    assert detect_language("Sjögren, Guérin: normal chest radiograph, no effusion") == "en"
