"""The published recipe's shape on a GPU: SmolVLM-Instruct's 2.2 G parameters with random weights, 50 steps of LoRA.

    python benchmarks/vlm_gpu.py [--recipe recipes/vlm/smolvlm-multicare.toml] [--steps 50] [--batch 4] [--tokens 1400]

Prints the trainable count, tokens a second and the peak of GPU memory. The weights are random: the work, and so the
speed, is that of real ones; the loss says nothing. On a machine without a GPU it says so and ends with status 2.
It needs torch, transformers, peft and (for nf4) bitsandbytes, and neither weights, tokenizer nor images from anywhere.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from prosvet.training.vlm.counts import count, published_config
from prosvet.training.vlm.recipe import Recipe, load_recipe

NO_GPU = 2
_IMAGE_TOKENS_A_TILE = 81  # (384 / 14 = 27) squared, by 3 x 3 pixels shuffled into one
_TILES = 17  # a film of 1536 pixels: 4 x 4 tiles and the whole


def random_model(recipe: Recipe, config: Any, device: str) -> Any:
    """The architecture with random weights, its linear layers packed into four bits where the recipe says so."""
    from transformers import AutoModelForImageTextToText

    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = AutoModelForImageTextToText.from_config(config)
    torch.set_default_dtype(torch.float32)
    if recipe.model.quantisation == "nf4":
        _pack(model)
    return model


def _pack(model: Any) -> None:
    """nf4 with double quantisation, as at loading: every linear layer but the head."""
    import bitsandbytes as bnb

    for name, module in list(model.named_modules()):
        if type(module) is not torch.nn.Linear or name == "lm_head":
            continue
        packed = bnb.nn.Linear4bit(
            module.in_features, module.out_features, bias=module.bias is not None, compute_dtype=torch.bfloat16,
            compress_statistics=True, quant_type="nf4", device="meta",
        )  # fmt: skip
        device = module.weight.device
        packed.weight = bnb.nn.Params4bit(
            module.weight.data.cpu(), requires_grad=False, compress_statistics=True, quant_type="nf4"
        ).to(device)
        packed.bias = module.bias
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, packed)


def batch_of(config: Any, batch: int, tokens: int, device: str) -> dict[str, torch.Tensor]:
    """Films of 1536 pixels in 17 tiles, a prompt and an answer of `tokens` in all besides the images."""
    size, seen = config.vision_config.image_size, _TILES * _IMAGE_TOKENS_A_TILE
    words = torch.randint(10, 40_000, (batch, tokens), device=device)
    marks = torch.full((batch, seen), config.image_token_id, device=device)
    ids = torch.cat((words[:, : tokens // 2], marks, words[:, tokens // 2 :]), dim=1)
    labels = ids.clone()
    labels[:, : -(tokens // 2)] = -100
    pixels = torch.randn(batch, _TILES, 3, size, size, device=device, dtype=torch.bfloat16)
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": labels, "pixel_values": pixels}


def measure(recipe: Recipe, config: Any, device: str, steps: int, batch: int, tokens: int) -> dict[str, Any]:
    """Take the steps and tell what they cost; the first five warm up and are not timed."""
    from peft import LoraConfig, get_peft_model

    model = random_model(recipe, config, device)
    counted = count(model, recipe.lora)
    settings = LoraConfig(
        r=recipe.lora.rank, rank_pattern=dict(recipe.lora.ranks), lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout, target_modules=recipe.lora.targets, task_type="CAUSAL_LM",
    )  # fmt: skip
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model = get_peft_model(model, settings)
    model.enable_input_require_grads()
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if sum(parameter.numel() for parameter in trained) != counted.trainable:
        raise SystemExit("the number that trains is not the number that was counted")
    print(f"trainable: {counted.trainable:,} of {counted.total:,} ({100 * counted.share:.2f} %)", flush=True)
    optimiser = torch.optim.AdamW(trained, lr=recipe.steps.lr)
    inputs = batch_of(config, batch, tokens, device)
    began, warm, losses = time.perf_counter(), min(5, steps - 1), []
    for step in range(steps):
        if step == warm:
            _settle(device)
            began = time.perf_counter()
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            loss = model(**inputs, use_cache=False).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
    _settle(device)
    seconds = time.perf_counter() - began
    return {
        "device": torch.cuda.get_device_name() if device != "cpu" else "cpu", "steps": steps, "batch": batch,
        "tokens_a_row": inputs["input_ids"].shape[1],
        "tokens_a_second": round((steps - warm) * inputs["input_ids"].numel() / seconds, 1),
        "seconds_a_step": round(seconds / (steps - warm), 3),
        "peak_memory_gib": round(torch.cuda.max_memory_allocated() / 2**30, 2) if device != "cpu" else None,
        "trainable": counted.trainable, "total": counted.total, "quantisation": recipe.model.quantisation,
        "first_loss": round(losses[0], 4), "last_loss": round(losses[-1], 4),
    }  # fmt: skip


def _settle(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", type=Path, default=Path("recipes/vlm/smolvlm-multicare.toml"))
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=300, help="of prompt and answer, besides the image's 1,377")
    given = parser.parse_args()
    if not torch.cuda.is_available():
        print("no GPU here: nothing was measured", file=sys.stderr)
        return NO_GPU
    torch.manual_seed(0)
    told = measure(load_recipe(given.recipe), published_config(), "cuda", given.steps, given.batch, given.tokens)
    print(json.dumps(told, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
