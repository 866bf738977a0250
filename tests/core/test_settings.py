"""Arguments win over the environment, which wins over the defaults; each setting is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from prosvet.core.errors import InvalidSettings
from prosvet.core.settings import Settings, load_settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_defaults_are_russian_and_under_the_home_folder() -> None:
    settings = load_settings({})
    assert (settings.lang, settings.home) == ("ru", Path.home() / ".prosvet")


def test_an_argument_wins_over_the_environment() -> None:
    environ = {"PROSVET_LANG": "en", "PROSVET_THREADS": "4"}
    settings = load_settings(environ, lang="ru", threads=None)
    assert (settings.lang, settings.threads) == ("ru", 4)


def test_an_empty_variable_counts_as_not_given() -> None:
    assert load_settings({"PROSVET_MODEL": ""}).model == "compact"


@pytest.mark.parametrize(
    ("name", "value"), [("threads", "0"), ("threads", "many"), ("lang", "de"), ("max_pixels", "-1")]
)
def test_a_bad_value_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        load_settings({f"PROSVET_{name.upper()}": value})
    assert caught.value.details["name"] == name


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings({}).threads = 8  # type: ignore[misc]


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.M))
    assert set(rows) == set(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert field.description
        assert field.description in rows[name]
        assert f"`{field.default}`" in rows[name]
        assert f"`PROSVET_{name.upper()}`" in rows[name]
