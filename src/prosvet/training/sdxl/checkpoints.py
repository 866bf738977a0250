"""Checkpoints of a run: the adapter and what the optimiser knows, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from prosvet.core.optional import require

__all__ = ["ADAPTER", "Checkpoint", "last_checkpoint", "load_adapter", "save_adapter", "save_checkpoint"]

ADAPTER = "adapter.safetensors"
_STATE = "state.pt"


class Checkpoint:
    """One that was written to its end: its folder and the steps taken before it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.step = folder, int(folder.name.rpartition("-")[2])

    def state(self) -> dict[str, Any]:
        """What the optimiser and the scaler know; plain tensors and numbers, no code."""
        found: dict[str, Any] = torch.load(self.folder / _STATE, map_location="cpu", weights_only=True)
        return found


def save_checkpoint(out: Path, step: int, unet: Any, state: dict[str, Any], said: dict[str, str]) -> Path:
    """Write ``checkpoints/step-N``; a name that ends so is whole, for the folder is renamed last of all."""
    folder = out / "checkpoints" / f"step-{step}"
    fresh = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    save_adapter(unet, fresh / ADAPTER, said)
    with (fresh / _STATE).open("wb") as stream:
        torch.save(state, stream)
        stream.flush()
        os.fsync(stream.fileno())
    shutil.rmtree(folder, ignore_errors=True)
    fresh.replace(folder)
    return folder


def last_checkpoint(out: Path) -> Checkpoint | None:
    """The latest that was written to its end."""
    found = [Checkpoint(path) for path in (out / "checkpoints").glob("step-*") if path.name[5:].isdigit()]
    return max(found, key=lambda one: one.step, default=None)


def save_adapter(unet: Any, path: Path, said: dict[str, str]) -> None:
    """The adapter of `unet` in the notation of diffusers, with its scale and `said` in the header."""
    peft = require("peft", "synth")
    tensors = {f"unet.{name}": value.detach().float().cpu().contiguous()
               for name, value in peft.get_peft_model_state_dict(unet).items()}  # fmt: skip
    config = unet.peft_config["default"]
    scale = {"unet.r": config.r, "unet.lora_alpha": config.lora_alpha}
    header = {"format": "pt", "lora_adapter_metadata": json.dumps(scale), **said}
    fresh = path.with_name(f"{path.name}.part")
    require("safetensors.torch", "synth").save_file(tensors, str(fresh), metadata=header)
    fresh.replace(path)


def load_adapter(unet: Any, path: Path) -> None:
    """Put what :func:`save_adapter` wrote into a `unet` that has the same adapter."""
    peft = require("peft", "synth")
    stored = require("safetensors.torch", "synth").load_file(str(path))
    tensors = {name.removeprefix("unet."): value for name, value in stored.items()}
    told = peft.set_peft_model_state_dict(unet, tensors)
    if told.unexpected_keys:
        raise ValueError(f"{len(told.unexpected_keys)} tensors of {path.name} are not of this adapter")
