"""Tuning a tiny model of the real architecture: it learns, is kept, goes on after a kill, and is judged."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from prosvet.core.errors import TuningError
from prosvet.training.vlm.recipe import Recipe

from .conftest import Workshop

pytestmark = pytest.mark.timeout(300)  # processes of their own, each of which imports torch and trl

CHILD = """
import sys
from pathlib import Path
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.training.vlm.recipe import Recipe
from prosvet.training.vlm.run import train
recipe, out, home = Recipe.model_validate_json(Path(sys.argv[1]).read_text()), Path(sys.argv[2]), Path(sys.argv[3])
train(recipe, out, Context(load_settings({}, home=home)))
"""


def weights(out: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(out / "adapter" / "adapter_model.safetensors"))


def said(recipe: Recipe, model: Any, workshop: Workshop, out: Path) -> list[str]:
    from prosvet.training.vlm.load import load_processor
    from prosvet.training.vlm.run import prepare, side
    from prosvet.training.vlm.score import generate_ways

    tested = side(prepare(recipe, out, workshop.context)[0], "test")[:2]
    folder = workshop.root / "said" / str(time.monotonic_ns())
    raw = generate_ways(recipe, model, load_processor(recipe.model), tested, folder, workshop.context, ("image",))
    return raw["image"]


def test_the_loss_falls_and_the_run_tells_what_it_did(finished: tuple[Recipe, Path, Any]) -> None:
    recipe, out, trained = finished
    assert (trained.steps, trained.resumed, trained.trainable) == (20, None, 16_384)
    assert trained.last < trained.first - 0.5
    assert trained.best < trained.first
    told = json.loads((out / "curves.json").read_text())
    assert len(told["series"]["train"]) == 20
    assert [step for step, _ in told["series"]["dev"]] == [10, 20]
    with Image.open(out / "curves.png") as picture:
        assert picture.size == (1200, 640)
        assert len(picture.convert("RGB").getcolors(1 << 20) or []) > 50
    record = json.loads((out / "run.json").read_text())
    assert record["digest"] == recipe.digest()
    assert sum(record["sides"].values()) == 48


def test_only_adapters_of_the_language_model_are_kept(finished: tuple[Recipe, Path, Any]) -> None:
    kept = weights(finished[1])
    assert sum(tensor.numel() for tensor in kept.values()) == 16_384
    assert all("text_model.layers" in name and "lora_" in name for name in kept)


def test_samples_of_an_epoch_stand_on_a_page_with_their_films(finished: tuple[Recipe, Path, Any]) -> None:
    folder = finished[1] / "samples"
    page = (folder / "index.html").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]
    assert {row["step"] for row in rows} == {len_epoch(finished[1]), 20}
    assert page.count("<article>") == page.count("<img ") == 2
    assert all((folder / f"case-{n:03d}.png").is_file() for n in range(2))
    assert "Chest X-ray shows" in page


def len_epoch(out: Path) -> int:
    sides = json.loads((out / "run.json").read_text())["sides"]
    return -(-int(sides["train"]) // 2)


def test_reloaded_weights_say_the_same_and_merged_ones_too(
    workshop: Workshop, finished: tuple[Recipe, Path, Any]
) -> None:
    import torch

    from prosvet.training.vlm.later import merge
    from prosvet.training.vlm.load import load_base
    from prosvet.training.vlm.score import load_for

    recipe, out, _ = finished
    first, again = (said(recipe, load_for(recipe, out)[0], workshop, out) for _ in range(2))
    assert first == again
    with load_for(recipe, out)[0].disable_adapter() as _:
        pass
    merged = load_base(recipe.model.model_copy(update={"path": merge(recipe, out)}))
    assert said(recipe, merged, workshop, out) == first
    base = load_base(recipe.model)
    name = "model.text_model.layers.0.self_attn.q_proj.weight"
    assert not torch.equal(base.state_dict()[name], merged.state_dict()[name])
    tower = "model.vision_model.encoder.layers.0.self_attn.q_proj.weight"
    assert torch.equal(base.state_dict()[tower], merged.state_dict()[tower])


def test_a_finished_run_is_not_trained_again_and_another_recipe_not_taken(
    workshop: Workshop, finished: tuple[Recipe, Path, Any]
) -> None:
    from prosvet.training.vlm.run import train

    recipe, out, trained = finished
    before = (out / "adapter" / "adapter_model.safetensors").stat().st_mtime_ns
    assert train(recipe, out, workshop.context) == trained
    assert (out / "adapter" / "adapter_model.safetensors").stat().st_mtime_ns == before
    with pytest.raises(TuningError, match="another recipe"):
        train(workshop.recipe(steps={"lr": 1e-4}), out, workshop.context)
    other = workshop.root / "other-model"
    shutil.copytree(workshop.model, other)
    body = bytearray((other / "model.safetensors").read_bytes())
    body[-1] ^= 1  # one bit of one weight: names and sizes are as they were
    (other / "model.safetensors").write_bytes(body)
    with pytest.raises(TuningError, match="another model"):
        train(workshop.recipe(model={"path": str(other)}), out, workshop.context)


def test_only_the_answer_is_learned(workshop: Workshop, finished: tuple[Recipe, Path, Any]) -> None:
    from prosvet.training.vlm.later import _collator
    from prosvet.training.vlm.load import load_processor
    from prosvet.training.vlm.prompts import answer_of
    from prosvet.training.vlm.rows import CaseRows
    from prosvet.training.vlm.run import prepare

    recipe, out, _ = finished
    case = prepare(recipe, out, workshop.context)[0][0]
    processor = load_processor(recipe.model)
    batch = _collator(processor)([CaseRows([case], recipe.prompt, workshop.context.settings)[0]])
    learned = batch["input_ids"][batch["labels"] != -100]
    assert processor.tokenizer.decode(learned, skip_special_tokens=True).strip() == answer_of(case, recipe.prompt)
    assert batch["labels"].shape[1] > 2 * len(learned)


def test_a_run_that_was_killed_goes_on_to_the_same_weights(
    workshop: Workshop, finished: tuple[Recipe, Path, Any]
) -> None:
    import torch

    from prosvet.training.vlm.run import train
    from prosvet.training.vlm.trainer import WHOLE, last_whole

    recipe, out = finished[0], workshop.root / "killed"
    asked = workshop.root / "recipe.json"
    asked.write_text(recipe.model_dump_json())
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(asked), str(out), str(workshop.root / "home")])
    try:
        for _ in range(4000):
            if (out / "checkpoints" / "checkpoint-10" / WHOLE).is_file() or child.poll() is not None:
                break
            time.sleep(0.05)
        assert child.poll() is None, "it ended before it could be killed"
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    cut = out / "checkpoints" / "checkpoint-15"  # as if the kill had come while it was being written
    cut.mkdir(exist_ok=True)
    (cut / "adapter_model.safetensors").write_bytes(b"half")
    assert last_whole(out) == out / "checkpoints" / "checkpoint-10"
    resumed = train(recipe, out, workshop.context)
    assert (resumed.resumed, resumed.steps) == (10, 20)
    whole, again = weights(finished[1]), weights(out)
    assert whole.keys() == again.keys()
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_two_processes_learn_what_one_learns_from_twice_the_batch(workshop: Workshop) -> None:
    import torch

    from prosvet.training.vlm.run import train

    steps = {"most": 4, "evaluate_every": 4, "samples": 0}
    plain = {"dropout": 0.0}
    recipe = workshop.recipe(steps=steps | {"batch": 1}, lora=plain)
    out = workshop.root / "two"
    (workshop.root / "two.json").write_text(recipe.model_dump_json())
    (workshop.root / "child.py").write_text(CHILD)
    # `accelerate launch` starts one process where there is no GPU, whatever number it is given; torchrun starts two.
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    arguments = [workshop.root / "child.py", workshop.root / "two.json", out, workshop.root / "home"]
    done = subprocess.run(
        [*launch, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=280,
        env=os.environ | {"ACCELERATE_USE_CPU": "true"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    one = workshop.root / "one"
    train(workshop.recipe(steps=steps | {"batch": 2}, lora=plain), one, workshop.context)
    both, single = weights(out), weights(one)
    told = json.loads((out / "done.json").read_text())
    assert (told["steps"], told["processes"]) == (4, 2)
    assert all(torch.allclose(both[name], single[name], atol=1e-5) for name in single)
    assert max(float(single[name].abs().max()) for name in single if "lora_B" in name) > 1e-3


def test_four_bits_learn_too(workshop: Workshop) -> None:
    from prosvet.training.vlm.load import load_base
    from prosvet.training.vlm.run import train

    recipe = workshop.recipe(
        steps={"most": 6, "evaluate_every": 6, "samples": 0}, model={"quantisation": "nf4", "dtype": "bfloat16"}
    )
    trained = train(recipe, workshop.root / "nf4", workshop.context)
    assert trained.last < trained.first
    assert (trained.trainable, trained.total) == (16_384, 304_768)  # counted as before the packing
    layer = load_base(recipe.model).get_submodule("model.text_model.layers.0.mlp.up_proj")
    assert type(layer).__name__ == "Linear4bit"
    assert layer.weight.quant_state.quant_type == "nf4"
    assert layer.weight.quant_state.nested  # double quantisation


def test_a_pattern_that_reaches_the_vision_tower_is_refused_before_training(workshop: Workshop) -> None:
    from prosvet.training.vlm.run import train

    recipe = workshop.recipe(lora={"targets": ".*(q_proj|v_proj)"})
    with pytest.raises(TuningError, match="outside the language model"):
        train(recipe, workshop.root / "refused", workshop.context)
    recipe = workshop.recipe(lora={"expected": 10_518_528})
    with pytest.raises(TuningError, match="the recipe expects 10,518,528"):
        train(recipe, workshop.root / "counted", workshop.context)
    assert not (workshop.root / "counted" / "adapter").exists()


def test_a_model_with_a_missing_tensor_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    from prosvet.core.errors import ModelError
    from prosvet.training.vlm.load import load_base

    shutil.copytree(workshop.model, tmp_path / "cut")
    tensors = load_file(tmp_path / "cut" / "model.safetensors")
    tensors.pop(next(name for name in tensors if "up_proj" in name))
    save_file(tensors, tmp_path / "cut" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="1 tensors do not fit"):
        load_base(workshop.recipe(model={"path": str(tmp_path / "cut")}).model)
