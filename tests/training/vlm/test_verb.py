"""The verb: a recipe in, a run out, words and JSON for a person and a program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from prosvet.app.cli.main import main
from prosvet.training.vlm.recipe import Recipe

from .conftest import Workshop

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def recipe_file(workshop: Workshop, finished: tuple[Recipe, Path, Any]) -> Path:
    path = workshop.root / "tiny.toml"
    body = finished[0].model_dump(mode="json", exclude_none=True)
    path.write_text(tomli_w.dumps(body), encoding="utf-8")
    return path


def asked(recipe_file: Path, out: Path, *more: str) -> list[str]:
    return ["train", "vlm", "--recipe", str(recipe_file), "--out", str(out), *more]


def test_the_count_is_told_before_anything_is_trained(
    recipe_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(recipe_file, tmp_path, "--step", "count", "--lang", "en")) == 0
    told = capsys.readouterr().out
    assert "16,384 of 304,768 parameters would train: 5.38 %" in told
    assert "outside the language model 0" in told.replace("\n", " ")
    assert list(tmp_path.iterdir()) == []


def test_a_run_in_json_and_in_words(
    recipe_file: Path, finished: tuple[Recipe, Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(recipe_file, finished[1], "--json")) == 0
    told = json.loads(capsys.readouterr().out)["result"]
    assert (told["step"], told["facts"]["trainable"], told["facts"]["steps"]) == ("train", 16_384, 20)
    assert main(asked(recipe_file, finished[1], "--lang", "ru")) == 0
    assert "Обучено параметров: 16\u202f384" in capsys.readouterr().out


def test_scores_are_a_table_that_names_the_leak(
    recipe_file: Path, finished: tuple[Recipe, Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(recipe_file, finished[1], "--step", "score", "--lang", "ru")) == 0
    told = capsys.readouterr().out
    assert told.count("только снимок") == told.count("четыре поля, как в публикации *") == 2
    assert "утечкой" in told
    assert "bertscore_f1" in told  # said to be missing


def test_a_wrong_recipe_is_the_users_error(
    recipe_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(recipe_file.read_text(encoding="utf-8").replace("rank = 8", "rank = 0"), encoding="utf-8")
    assert main(asked(wrong, tmp_path / "run", "--lang", "en")) == 2
    assert "lora.rank" in capsys.readouterr().err
    assert main(asked(tmp_path / "none.toml", tmp_path / "run")) == 3
    assert not (tmp_path / "run").exists()
