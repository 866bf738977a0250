"""`prosvet models` and `prosvet train` from the shell."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
from outcome import Cli

from prosvet.models.card import cards


def test_models_are_listed_shown_and_verified(cli: Cli) -> None:
    names = [row["name"] for row in cli("models", "list", "--json").result["models"]]
    assert "compact" in names
    card = cli("models", "show", "compact", "--json").result["card"]
    assert set(card["operating_points"]) >= {"balanced"}
    shown = cli("models", "verify", "--json")
    assert shown.status == 0
    here = {row["name"]: row["verified"] for row in shown.result["models"] if not row["problem"]}
    assert here == {"compact": True, "compact-int8": True, "tiny": True}  # other cards come without weights
    assert "Рабочие точки" in cli("models", "show", "compact").out


def test_a_changed_weight_file_fails_verification_and_is_never_loaded(
    cli: Cli, own_home: Path, pydicom_data: Path
) -> None:
    shipped = cards()["compact"]
    folder = own_home / "models"
    shutil.copytree(shipped.parent.parent / "weights", own_home / "weights")
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(
        shipped.read_text(encoding="utf-8").replace('name = "compact"', 'name = "mine"'), encoding="utf-8"
    )
    weights = sorted((own_home / "weights").rglob("*.onnx"))
    for file in weights:
        file.chmod(0o600)
        file.write_bytes(file.read_bytes()[:-1] + b"\0")
    shown = cli("models", "verify", "mine", "--json", "--home", own_home)
    assert shown.status == 1
    assert shown.result["models"][0]["verified"] is False
    assert cli("doctor", "--json", "--home", own_home).status == 1


def test_reading_with_a_changed_model_is_refused(
    cli: Cli, own_home: Path, pydicom_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_a_changed_weight_file_fails_verification_and_is_never_loaded(cli, own_home, pydicom_data)
    monkeypatch.setenv("PROSVET_MODEL", "mine")
    shown = cli("read", pydicom_data / "RG1_UNCR.dcm", "--json", "--home", own_home)
    assert (shown.error["code"], shown.status) == ("model_hash_mismatch", 5)


def test_training_without_its_extra_names_it(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if find_spec("torch") is not None:
        monkeypatch.setitem(__import__("sys").modules, "torch", None)
    shown = cli("train", "encoder", tmp_path, "--out", tmp_path / "run", "--json", "--lang", "en")
    assert (shown.error["code"], shown.status) == ("missing_extra", 4)
    assert 'prosvet[train]"' in shown.error["hint"]
