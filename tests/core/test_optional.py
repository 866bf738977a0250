from __future__ import annotations

from pathlib import Path

import pytest

from prosvet.core.errors import MissingExtra
from prosvet.core.optional import require


def test_a_package_that_is_there_is_returned() -> None:
    assert require("json", "dev").dumps([1]) == "[1]"


def test_a_missing_package_names_its_extra() -> None:
    with pytest.raises(MissingExtra) as caught:
        require("no_such_package", "train")
    assert 'pip install "prosvet[train]"' in caught.value.hint("ru")
    assert caught.value.exit_code == 4


def test_a_broken_package_shows_what_it_misses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_installed.py").write_text("import its_own_need\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="its_own_need"):
        require("half_installed", "train")
