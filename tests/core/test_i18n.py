"""Both languages say the same things, with the same places to fill."""

from __future__ import annotations

import json
import re
from importlib import resources
from string import Formatter

import pytest

from prosvet.core import i18n

RU, EN = i18n.catalogue("ru"), i18n.catalogue("en")
PARTS = resources.files("prosvet.core").joinpath("locales", "parts")


def places(words: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert set(RU) == set(EN)


@pytest.mark.parametrize("key", sorted(RU))
def test_both_languages_fill_the_same_places(key: str) -> None:
    assert places(RU[key]) == places(EN[key])


def test_no_string_is_empty_and_russian_is_russian() -> None:
    assert not [key for words in (RU, EN) for key, value in words.items() if not value.strip()]
    latin = [key for key, value in RU.items() if re.search("[A-Za-z]{3}", value) and not re.search("[а-яё]", value)]
    assert not [key for key in latin if re.search("[a-z]{4} [a-z]{4}", RU[key])], "English words in the Russian file"


def test_every_fragment_comes_in_both_languages() -> None:
    names = {entry.name for entry in PARTS.iterdir() if entry.name.endswith(".json")}
    assert {name.replace(".ru.", ".en.") for name in names if ".ru." in name} == {n for n in names if ".en." in n}


def test_fragments_are_merged() -> None:
    own = json.loads(PARTS.joinpath("cli.ru.json").read_text(encoding="utf-8"))
    assert RU["cli.read.help"] == own["cli"]["read"]["help"]


def test_a_key_in_two_files_is_a_defect() -> None:
    flat = {"a.b": "x"}
    with pytest.raises(ValueError, match=r"a\.b"):
        i18n._flatten({"a": {"b": "y"}}, "", flat)


def test_a_missing_key_is_a_defect() -> None:
    with pytest.raises(KeyError):
        i18n.text("no.such.key", "ru")
