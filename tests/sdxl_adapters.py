"""Adapter files for the tiny SDXL pipeline: right ones in both common notations, and planted wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["ATTENTION", "save_kohya", "save_peft"]

ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn2"
_WIDTHS = {"to_q": (32, 32), "to_k": (32, 80), "to_v": (32, 80)}


def _random(seed: int) -> Callable[..., Any]:
    import torch

    source = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=source)


def save_peft(path: Path, *, rank: int = 4, seed: int = 1, said: dict[str, str] | None = None, **other: Any) -> Path:
    """In the notation of diffusers; `other` replaces tensors by name."""
    from safetensors.torch import save_file

    made = _random(seed)
    tensors = {}
    for name, (out, into) in _WIDTHS.items():
        tensors[f"unet.{ATTENTION}.{name}.lora_A.weight"] = made(rank, into)
        tensors[f"unet.{ATTENTION}.{name}.lora_B.weight"] = made(out, rank)
    tensors |= other.get("tensors", {})
    save_file(tensors, str(path), metadata=said or {"format": "pt"})
    return path


def save_kohya(path: Path, *, rank: int = 2, seed: int = 2) -> Path:
    """In the notation of the common trainers, blocks counted as in the first publication, the first encoder too."""
    import torch
    from safetensors.torch import save_file

    made = _random(seed)
    tensors = {}
    for module, (out, into) in {
        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k": (32, 80),
        "lora_unet_middle_block_1_transformer_blocks_0_attn1_to_q": (32, 32),
        "lora_unet_output_blocks_0_1_transformer_blocks_0_attn1_to_q": (32, 32),
        "lora_te1_text_model_encoder_layers_0_self_attn_q_proj": (32, 32),
        "lora_te2_text_model_encoder_layers_1_self_attn_v_proj": (48, 48),
    }.items():
        tensors[f"{module}.lora_down.weight"] = made(rank, into)
        tensors[f"{module}.lora_up.weight"] = made(out, rank)
        tensors[f"{module}.alpha"] = torch.tensor(float(rank))
    save_file(tensors, str(path))
    return path
