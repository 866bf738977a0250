"""The real training on a tiny SDXL: the loss falls, a kill changes nothing, what is none is skipped, the base stays."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prosvet.core.context import Context
from prosvet.core.errors import TuningError
from prosvet.models.vlm.weights import described
from prosvet.training.sdxl.api import SdxlLoraRequest, run

from .conftest import write_recipe

pytestmark = pytest.mark.timeout(300)  # the import of torch and diffusers takes its time on a busy machine


def losses(out: Path) -> dict[int, float]:
    lines = (out / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["step"]: row["loss"] for row in map(json.loads, lines)}


@pytest.fixture(scope="module")
def trained(base: Path, data: Path, tmp_path_factory: pytest.TempPathFactory, quiet: Context) -> Path:
    """The folder of a run of 20 steps."""
    folder = tmp_path_factory.mktemp("run")
    before = described(base)
    recipe = write_recipe(folder, base)
    result = run(SdxlLoraRequest(recipe=recipe, data=data, out=folder / "out"), quiet)
    assert described(base) == before
    assert result.card is not None
    assert result.facts["films"] == 6
    assert (result.facts["steps"], result.facts["skipped"], result.facts["optimiser"]) == (20, 0, "adamw")
    return folder


@pytest.fixture(scope="module")
def quiet() -> Context:
    return Context()


def test_the_loss_falls_on_films_that_do_not_change(trained: Path, base: Path) -> None:
    import torch
    from diffusers import DDPMScheduler, UNet2DConditionModel

    from prosvet.training.sdxl.checkpoints import ADAPTER, load_adapter
    from prosvet.training.sdxl.latents import encode_all
    from prosvet.training.sdxl.recipe import load_recipe
    from prosvet.training.sdxl.run import with_adapter
    from prosvet.training.sdxl.steps import draw, loss_of

    recipe = load_recipe(trained / "recipe.toml")
    encoded = encode_all([], None, trained / "out", 64)
    scheduler = DDPMScheduler.from_pretrained(str(base), subfolder="scheduler")
    batch = draw(encoded, list(range(6)), scheduler, 0.18215, (1, 1), "cpu")

    def loss(adapter: Path | None) -> float:
        unet = with_adapter(UNet2DConditionModel.from_pretrained(str(base / "unet")), recipe.lora, recipe.steps)
        if adapter is not None:
            load_adapter(unet, adapter)
        with torch.no_grad():
            return float(loss_of(unet, batch))

    untrained, half, whole = (
        loss(None), loss(trained / "out" / "checkpoints" / "step-10" / ADAPTER), loss(trained / "out" / ADAPTER),
    )  # fmt: skip
    assert whole < half < untrained
    assert whole < 0.97 * untrained


def test_a_killed_run_takes_the_same_next_step(trained: Path, base: Path, data: Path, quiet: Context) -> None:
    out = trained / "killed"
    recipe = write_recipe(trained, base)
    child = os.fork()
    if child == 0:  # a process of its own that has everything imported; it never comes back from here
        import torch

        torch.set_num_threads(1)
        try:
            run(SdxlLoraRequest(recipe=recipe, data=data, out=out), Context())
        finally:
            os._exit(1)
    try:
        while not (out / "checkpoints" / "step-10").is_dir():
            assert os.waitpid(child, os.WNOHANG) == (0, 0)
            time.sleep(0.01)
    finally:
        os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert not (out / "done.json").exists()
    result = run(SdxlLoraRequest(recipe=recipe, data=data, out=out), quiet)
    assert result.facts["resumed"] == 10
    unbroken, resumed = losses(trained / "out"), losses(out)
    assert list(resumed) == list(range(1, 21))
    assert np.allclose(list(resumed.values()), list(unbroken.values()), rtol=1e-5)


def test_the_adapter_and_the_fused_pipeline_make_the_same_picture(
    trained: Path, base: Path, data: Path, quiet: Context
) -> None:
    import tomllib

    from prosvet.synthesis.make import Task
    from prosvet.synthesis.sdxl.card import SdxlCard
    from prosvet.synthesis.sdxl.generator import SdxlGenerator

    before = described(base)
    request = SdxlLoraRequest(recipe=write_recipe(trained, base), data=data, out=trained / "out", step="fuse")
    fused = run(request, quiet)
    assert fused.card is not None
    assert described(base) == before

    def made(card: Path, adapter: bool) -> Any:
        told = SdxlCard.model_validate(tomllib.loads(card.read_text(encoding="utf-8")) | {"folder": card.parent})
        generator = SdxlGenerator(told)
        if adapter:
            generator.wear(Path(told.adapters[told.adapter].path))
        return generator.make(Task("Lung opacity. Chest x-ray.", steps=3, seed=4))

    card = trained / "out" / "tiny-opacity.toml"
    assert tomllib.loads(card.read_text(encoding="utf-8"))["adapters"]["tiny-opacity"]["trigger"] == "Lung opacity."
    worn, plain = made(card, adapter=True), made(card, adapter=False)
    assert np.allclose(worn, made(fused.card, adapter=False), atol=1e-4)
    assert np.abs(worn - plain).max() > 1e-3


def test_what_is_no_number_is_skipped_and_too_much_of_it_ends_the_run(
    trained: Path, base: Path, data: Path, quiet: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prosvet.training.sdxl import run as running

    real, asked = running.loss_of, []

    def planted(unet: Any, batch: Any) -> Any:
        asked.append(1)
        loss = real(unet, batch)
        return loss * float("nan") if len(asked) == 3 else loss  # within the second step

    monkeypatch.setattr(running, "loss_of", planted)
    recipe = write_recipe(trained, base, most=4, every=2)
    result = run(SdxlLoraRequest(recipe=recipe, data=data, out=trained / "nan"), quiet)
    assert (result.facts["skipped"], losses(trained / "nan")[2]) == (1, None)
    assert all(losses(trained / "nan")[step] for step in (1, 3, 4))
    recipe.write_text(recipe.read_text(encoding="utf-8") + "bad = 2\n", encoding="utf-8")
    monkeypatch.setattr(running, "loss_of", lambda unet, batch: real(unet, batch) * float("nan"))
    with pytest.raises(TuningError) as caught:
        run(SdxlLoraRequest(recipe=recipe, data=data, out=trained / "nans"), quiet)
    assert caught.value.details["reason"] == "sdxl_nan_steps"


def test_too_little_memory_leaves_the_checkpoint_and_the_run_goes_on(
    trained: Path, base: Path, data: Path, quiet: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prosvet.training.sdxl import run as running

    real, asked = running.loss_of, []

    def short(unet: Any, batch: Any) -> Any:
        asked.append(1)
        if len(asked) > 6:  # three steps
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(unet, batch)

    recipe = write_recipe(trained, base, most=4, every=2)
    request = SdxlLoraRequest(recipe=recipe, data=data, out=trained / "short")
    with monkeypatch.context() as planted:
        planted.setattr(running, "loss_of", short)
        with pytest.raises(TuningError) as caught:
            run(request, quiet)
    assert (caught.value.details["reason"], caught.value.details["step"]) == ("sdxl_memory", 4)
    assert run(request, quiet).facts["resumed"] == 2


def test_a_coder_that_gives_no_numbers_is_told_by_its_film(
    trained: Path, base: Path, data: Path, quiet: Context
) -> None:
    import shutil

    import torch
    from safetensors.torch import load_file, save_file

    broken = trained / "broken"
    shutil.copytree(base, broken)
    path = broken / "vae" / "diffusion_pytorch_model.safetensors"
    weights = load_file(str(path))
    weights["quant_conv.bias"][0] = torch.nan
    save_file(weights, str(path), metadata={"format": "pt"})
    request = SdxlLoraRequest(recipe=write_recipe(trained, base), data=data, out=trained / "vae", model=broken)
    with pytest.raises(TuningError) as caught:
        run(request, quiet)
    assert caught.value.details["reason"] == "sdxl_nan_vae"
    assert str(caught.value.details["name"]).startswith("films/")


def test_another_recipe_in_the_same_folder_and_a_pattern_for_nothing_are_refused(
    trained: Path, base: Path, data: Path, quiet: Context
) -> None:
    recipe = write_recipe(trained, base, most=30)
    with pytest.raises(TuningError):
        run(SdxlLoraRequest(recipe=recipe, data=data, out=trained / "out"), quiet)
    recipe.write_text(recipe.read_text(encoding="utf-8").replace("rank = 4", 'rank = 4\ntargets = "nothing"'), "utf-8")
    with pytest.raises(TuningError) as caught:
        run(SdxlLoraRequest(recipe=recipe, data=data, out=trained / "none"), quiet)
    assert caught.value.details["reason"] == "sdxl_targets"
