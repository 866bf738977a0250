"""The verb: the set, a card that a generator is opened by, words and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prosvet.app.cli.main import main
from prosvet.synthesis.sdxl.card import load_sdxl_card

from .conftest import write_recipe

pytestmark = pytest.mark.timeout(300)


def test_the_set_and_the_card_are_made_without_training(
    base: Path, data: Path, tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out = write_recipe(tmp_path, base), tmp_path / "out"
    asked = ["train", "sdxl-lora", str(data), "--recipe", str(recipe), "--out", str(out)]
    assert main([*asked, "--step", "prepare", "--lang", "ru"]) == 0
    assert "Набор: 6 снимков, с находкой 3, норма 3; отброшено 5" in capsys.readouterr().out.replace("\n", " ")
    assert len(list((out / "films").glob("*.png"))) == 6
    assert main([*asked, "--step", "card", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["result"]
    (own_home / "models").mkdir(parents=True, exist_ok=True)
    Path(told["card"]).rename(own_home / "models" / "tiny-opacity-base.toml")
    card = load_sdxl_card("tiny-opacity-base", own_home)
    assert (card.home, card.size) == (base.resolve(), 64)
    assert "unet/diffusion_pytorch_model.safetensors" in card.files


def test_a_run_without_an_adapter_cannot_be_fused_and_without_a_base_cannot_start(
    base: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, base)
    asked = ["train", "sdxl-lora", str(data), "--recipe", str(recipe), "--out", str(tmp_path / "out"), "--lang", "ru"]
    assert main([*asked, "--step", "fuse"]) == 2
    assert "нет обученного адаптера" in capsys.readouterr().err
    assert main([*asked, "--model", str(tmp_path / "nowhere")]) != 0
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
