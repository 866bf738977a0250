"""The tensors of an adapter file in the one notation that every part of the pipeline takes, its scale worked in."""

from __future__ import annotations

import json
from typing import Any

from prosvet.core.errors import SynthesisError
from prosvet.core.optional import require
from prosvet.synthesis.sdxl.adapter_file import PARTS, AdapterFile, Layer, plain_name

__all__ = ["tensors_of"]


def tensors_of(adapter: AdapterFile, pipe: Any) -> dict[str, Any]:
    """``unet.NAME.lora_A.weight`` and ``….lora_B.weight`` by the names of the layers in memory; alpha is the rank.

    Raises
    ------
    SynthesisError
        When a number is not finite.
    """
    names = {
        f"{part}_{plain_name(name)}": f"{part}.{name}"
        for part in PARTS
        for name, _ in getattr(pipe, part).named_modules()
        if not _within_lora(name)
    }
    told = json.loads(adapter.said.get("lora_adapter_metadata", "{}"))
    made: dict[str, Any] = {}
    with require("safetensors", "synth").safe_open(str(adapter.path), framework="pt") as stored:
        for layer in adapter.layers:
            down, up = stored.get_tensor(layer.down), stored.get_tensor(layer.up)
            if not bool(down.isfinite().all() and up.isfinite().all()):
                raise SynthesisError(reason="adapter_not_finite", file=adapter.path.name)
            down, up = _fitted(down, up, layer, names, pipe)
            alpha = float(stored.get_tensor(layer.alpha)) if layer.alpha else told.get(f"{layer.part}.lora_alpha")
            name = names[layer.key]
            made[f"{name}.lora_A.weight"] = down
            made[f"{name}.lora_B.weight"] = up if alpha is None else up * (float(alpha) / layer.rank)
    return made


def _within_lora(name: str) -> bool:
    """Whether a module is a part that an adapter which is on already brought."""
    return ".lora_" in name or name.endswith(".base_layer")


def _fitted(down: Any, up: Any, layer: Layer, names: dict[str, str], pipe: Any) -> tuple[Any, Any]:
    """The two matrices with as many axes as the layer's own weight has."""
    part, _, name = names[layer.key].partition(".")
    module = getattr(pipe, part).get_submodule(name)
    axes = getattr(module, "base_layer", module).weight.ndim
    if axes == 2:
        return down.reshape(down.shape[0], -1), up.reshape(up.shape[0], -1)
    grown = [one if one.ndim == axes else one[:, :, None, None] for one in (down, up)]
    return grown[0], grown[1]
