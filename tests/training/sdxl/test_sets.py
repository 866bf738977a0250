"""What is learned: squares as published, rows of one finding with as many normals, prompts with their trigger."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prosvet.archive.clean_rows import SUFFIXES
from prosvet.core.errors import InvalidSettings, TuningError
from prosvet.training.sdxl.recipe import Selection, load_recipe
from prosvet.training.sdxl.sets import choose, read_rows
from prosvet.training.sdxl.square import square

RECIPES = Path(__file__).resolve().parents[3] / "recipes" / "sdxl"
SINGLE = Selection(
    kind="single", trigger="Lung opacity.", findings=("opacity",), most_findings=3, without=("Granuloma",)
)


def test_a_portrait_loses_a_third_of_the_rest_above_and_two_below() -> None:
    tall = Image.fromarray(np.tile(np.minimum(np.arange(260), 255).astype(np.uint8)[:, None], (1, 200)))
    made = square(tall, 200)
    assert (made.original, made.corner) == ((260, 200), (20, 0))
    assert np.asarray(made.picture)[0, 0] == 20
    assert np.asarray(made.picture)[-1, 0] == 219


def test_a_landscape_is_cut_in_the_middle_and_scaled_by_its_shorter_side() -> None:
    made = square(Image.new("L", (3000, 2000)), 1024)
    assert made.picture.size == (1024, 1024)
    assert made.corner == (0, 256)
    assert square(Image.new("L", (500, 500)), 1024).corner == (0, 0)


def test_one_finding_is_learned_with_as_many_normals(data: Path) -> None:
    chosen = choose(read_rows(data / "rows.jsonl"), SINGLE)
    assert [row.report for row, _ in chosen.positives] == ["1", "2", "3"]
    assert all(prompt.startswith("Lung opacity. Chest x-ray.") for _, prompt in chosen.positives)
    assert len(chosen.normals) == 3
    assert all(row.normal and not prompt.startswith("Lung opacity.") for row, prompt in chosen.normals)
    assert [row.report for row, _ in chosen.normals] == ["11", "8", "10"]  # the longest first
    assert chosen.dropped == 5


def test_all_findings_are_every_row_as_it_is(data: Path) -> None:
    chosen = choose(read_rows(data / "rows.jsonl"), Selection())
    assert (len(chosen.positives), len(chosen.normals), chosen.dropped) == (6, 5, 0)


def test_both_forms_of_cleaned_rows_are_read(data: Path, tmp_path: Path) -> None:
    rows = read_rows(data / "rows.jsonl")
    assert set(SUFFIXES) == {".jsonl", ".csv"}
    table = tmp_path / "rows.csv"
    lines = ["report,film,normal,codes,diagnoses,prompt"]
    for one in rows:
        cells = [one.report, one.film, str(one.normal).lower(), "; ".join(one.codes), "; ".join(one.diagnoses)]
        lines.append(",".join(f'"{cell}"' for cell in [*cells, one.prompt]))
    table.write_text("\n".join(lines), encoding="utf-8")
    assert read_rows(table) == rows
    (tmp_path / "bad.jsonl").write_text('{"report": 1}\n', encoding="utf-8")
    with pytest.raises(TuningError):
        read_rows(tmp_path / "bad.jsonl")


def test_nothing_left_is_said(data: Path) -> None:
    rows = read_rows(data / "rows.jsonl")
    with pytest.raises(TuningError):
        choose(rows, SINGLE.model_copy(update={"findings": ("Pneumoconiosis",)}))


def test_the_recipes_are_what_was_published(tmp_path: Path) -> None:
    every, single = load_recipe(RECIPES / "all-findings.toml"), load_recipe(RECIPES / "lung-opacity.toml")
    for recipe in (every, single):
        steps = recipe.steps
        assert (steps.lr, steps.batch, steps.accumulate, steps.most) == (1e-4, 1, 4, 1500)
        assert (steps.checkpoint_every, steps.seed, steps.optimiser, recipe.data.size) == (500, 42, "adamw8bit", 1024)
    assert (single.data.trigger, single.data.most_findings) == ("Lung opacity.", 3)
    told = json.dumps(single.data.without)
    assert all(word in told for word in ("device", "bone", "granuloma", "emphysema", "pneumothorax"))
    (tmp_path / "bad.toml").write_text('name = "x"\nmodel = "y"\n[data]\nkind = "single"\n', encoding="utf-8")
    with pytest.raises(InvalidSettings):
        load_recipe(tmp_path / "bad.toml")
