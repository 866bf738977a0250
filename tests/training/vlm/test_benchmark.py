"""The benchmark for a GPU runs its own way on a tiny shape here, and says so where there is no GPU."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from prosvet.training.vlm.recipe import load_recipe

from .conftest import Workshop

pytestmark = pytest.mark.timeout(300)
ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "benchmarks" / "vlm_gpu.py"


@pytest.mark.parametrize("quantisation", ["none", "nf4"])
def test_its_steps_run_on_a_tiny_shape(workshop: Workshop, quantisation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import AutoConfig

    spec = importlib.util.spec_from_file_location("vlm_gpu", SCRIPT)
    assert spec is not None and spec.loader is not None
    script: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "_TILES", 2)
    monkeypatch.setattr(script, "_IMAGE_TOKENS_A_TILE", 4)
    config = AutoConfig.from_pretrained(workshop.model)
    recipe = load_recipe(ROOT / "recipes" / "vlm" / "smolvlm-multicare.toml")
    recipe = recipe.model_copy(
        update={
            "lora": recipe.lora.model_copy(update={"expected": None}),
            "model": recipe.model.model_copy(update={"quantisation": quantisation}),
        }
    )
    monkeypatch.setattr(script.torch, "randint", _small(script.torch.randint, config.text_config.vocab_size))
    told = script.measure(recipe, config, "cpu", steps=3, batch=2, tokens=12)
    assert told["tokens_a_row"] == 20
    assert told["tokens_a_second"] > 0
    assert told["total"] == 304_768 + told["trainable"] - 16_384
    assert told["last_loss"] == told["last_loss"]  # a number


def _small(draw: Any, words: int) -> Any:
    return lambda low, high, *rest, **named: draw(low, min(high, words), *rest, **named)


def test_without_a_gpu_it_says_so() -> None:
    blind = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, cwd=ROOT, env=blind)
    assert done.returncode == 2
    assert "no GPU here" in done.stderr
