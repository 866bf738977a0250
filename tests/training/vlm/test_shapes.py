"""What trains: counted from the shape of the published architecture, without its weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from prosvet.core.errors import InvalidSettings, NotFound, TuningError
from prosvet.training.vlm.recipe import Lora, load_recipe

if importlib.util.find_spec("torch") is None:
    pytest.skip("torch is not installed", allow_module_level=True)

RECIPES = sorted((Path(__file__).resolve().parents[3] / "recipes" / "vlm").glob("*.toml"))
BY_SHORT_NAMES = ".*(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
RANKS = {r"mlp\.(gate|up|down)_proj": 10}


@pytest.fixture(scope="module")
def published() -> Any:
    from prosvet.training.vlm.counts import meta_model, published_config

    return meta_model(published_config())


def test_the_published_figure_is_rank_eight_by_short_names_and_reaches_into_the_vision_tower(published: Any) -> None:
    from prosvet.training.vlm.counts import count

    found = count(published, Lora(targets=BY_SHORT_NAMES, rank=8, touches="language+vision"))
    assert (found.trainable, found.total) == (10_536_960, 2_256_809_840)
    assert found.outside == 1_492_992
    assert f"{100 * found.share:.2f}" == "0.47"


def test_the_same_number_of_millions_trains_in_the_language_model_alone(published: Any) -> None:
    from prosvet.training.vlm.counts import count

    found = count(published, Lora(rank=8, ranks=RANKS))
    assert (found.trainable, found.layers, found.outside) == (10_518_528, 24 * 7, 0)
    assert (f"{found.trainable / 1e6:.1f}", f"{found.total / 1e9:.2f}") == ("10.5", "2.26")
    assert f"{100 * found.share:.2f}" == "0.47"
    one_rank = {rank: count(published, Lora(rank=rank)).trainable for rank in (8, 9, 10)}
    assert one_rank == {8: 9_043_968, 9: 10_174_464, 10: 11_304_960}  # no single rank gives 10.5 M


def test_a_pattern_that_reaches_the_vision_tower_is_refused(published: Any) -> None:
    from prosvet.training.vlm.counts import count

    with pytest.raises(TuningError, match="81 layers") as told:
        count(published, Lora(targets=BY_SHORT_NAMES, rank=8))
    assert told.value.details["reason"] == "touches_vision"
    assert "vision_model" in str(told.value.details["name"])


@pytest.mark.parametrize(
    ("lora", "reason"),
    [
        (Lora(targets="nothing"), "nothing_matched"),
        (Lora(targets="("), "bad_pattern"),
        (Lora(rank=8, expected=10_518_528), "count_expected"),
    ],
)
def test_a_wrong_pattern_or_number_is_refused(published: Any, lora: Lora, reason: str) -> None:
    from prosvet.training.vlm.counts import count

    with pytest.raises(TuningError) as told:
        count(published, lora)
    assert told.value.details["reason"] == reason


def test_every_recipe_that_is_shipped_is_read_and_trains_what_it_says(published: Any) -> None:
    from prosvet.training.vlm.counts import count

    assert len(RECIPES) >= 5
    for path in RECIPES:
        recipe = load_recipe(path)
        assert recipe.name == path.stem
        assert count(published, recipe.lora).trainable == recipe.lora.expected


def test_a_recipe_is_strict(tmp_path: Path) -> None:
    good = RECIPES[0].read_text(encoding="utf-8")
    for planted, name in (("[steps]\nepoch = 3\n", "steps"), ("nonsense = 1\n", "nonsense"), ("= broken", "r.toml")):
        path = tmp_path / "r.toml"
        path.write_text(good.replace("[steps]\n", planted) if "steps" in planted else planted + good)
        with pytest.raises(InvalidSettings) as told:
            load_recipe(path)
        assert str(told.value.details["name"]).startswith(name)
    with pytest.raises(NotFound):
        load_recipe(tmp_path / "none.toml")


def test_the_name_of_a_run_does_not_hang_on_where_weights_lie_or_how_it_is_scored() -> None:
    recipe = load_recipe(RECIPES[0])
    moved = recipe.model_copy(update={"model": recipe.model.model_copy(update={"path": Path("/elsewhere")})})
    longer = recipe.model_copy(update={"steps": recipe.steps.model_copy(update={"lr": 1e-5})})
    assert moved.digest() == recipe.digest() != longer.digest()
