from __future__ import annotations

import sys

import pytest

from prosvet.core.errors import UnknownName
from prosvet.core.registry import Registry

TABLE = Registry("codec", {"dumps": "json:dumps", "lost": "no_such_module:x", "late": "colorsys:rgb_to_hsv"})


def test_a_name_is_imported_on_use() -> None:
    sys.modules.pop("colorsys", None)
    Registry("colour", {"late": "colorsys:rgb_to_hsv"})
    assert "colorsys" not in sys.modules
    assert TABLE["late"](0, 0, 0) == (0.0, 0.0, 0)


def test_an_unknown_name_lists_the_valid_ones() -> None:
    with pytest.raises(UnknownName) as caught:
        TABLE["loads"]
    assert caught.value.hint("en") == "Known: dumps, late, lost."


def test_it_is_a_mapping_that_imports_nothing_to_be_listed() -> None:
    assert list(TABLE) == ["dumps", "lost", "late"]
    assert len(TABLE) == 3
    assert "lost" in TABLE


def test_a_missing_module_shows_its_true_name() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        TABLE["lost"]
