"""Which layers a recipe adapts and how many parameters that is: counted from shapes, before anything is trained.

Published for SmolVLM-Instruct: 10.5 M of 2.26 G parameters (0.47 %). A rank of 8 given by short names (``q_proj``, …)
makes 10,536,960 of 2,256,809,840, which is that figure; but 1,492,992 of them are in the vision tower, whose layers
bear the same names. In the language model alone a rank of 8 for attention and 10 for the MLP makes 10,518,528.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from prosvet.core.errors import TuningError
from prosvet.core.optional import require
from prosvet.training.vlm.recipe import Lora

__all__ = ["Count", "adapted", "count", "language_model", "meta_model", "published_config", "rank_of"]

_QUANTISED = ("Linear4bit", "Linear8bitLt")


@dataclass(frozen=True)
class Count:
    """Parameters.

    Attributes
    ----------
    trainable : int
        Of the adapters.
    outside : int
        Those of them outside the language model.
    total : int
        Of the model with its adapters.
    layers : int
        Adapted ones.
    """

    trainable: int
    outside: int
    total: int
    layers: int

    @property
    def share(self) -> float:
        """Of all parameters, 0..1."""
        return self.trainable / self.total


def published_config() -> Any:
    """SmolVLM-Instruct's configuration, written from its published shape."""
    from transformers import Idefics3Config

    text = {
        "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 24,
        "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 49155, "max_position_embeddings": 16384,
        "rope_theta": 273768.0, "pad_token_id": 2, "tie_word_embeddings": False,
    }  # fmt: skip
    vision = {
        "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16,
        "patch_size": 14, "image_size": 384,
    }  # fmt: skip
    return Idefics3Config(
        text_config=text, vision_config=vision, scale_factor=3, image_token_id=49153, tie_word_embeddings=False
    )


def meta_model(config: Any) -> nn.Module:
    """The architecture without its weights: no memory, only shapes."""
    auto: Any = require("transformers", "vlm").AutoModelForImageTextToText
    with torch.device("meta"):
        model: nn.Module = auto.from_config(config)
    return model


def language_model(model: nn.Module) -> tuple[str, nn.Module]:
    """The decoder inside a vision-language model, and its name.

    Raises
    ------
    TuningError
        When there is none to be found.
    """
    find = getattr(model, "get_decoder", None)
    decoder = find() if find is not None else None
    for name, module in model.named_modules():
        if name and isinstance(decoder, nn.Module) and module is decoder:
            return name, decoder
    raise TuningError(reason="no_decoder", name=type(model).__name__)


def rank_of(name: str, lora: Lora) -> int:
    """The rank of the layer `name`, by the rule that peft goes by."""
    for ending, rank in lora.ranks.items():
        if re.match(rf"(.*\.)?({ending})$", name):
            return rank
    return lora.rank


def adapted(model: nn.Module, lora: Lora) -> dict[str, tuple[int, int]]:
    """The layers that the pattern matches, with their inputs and outputs.

    Raises
    ------
    TuningError
        When the pattern matches nothing, or reaches outside the language model and the recipe does not say so.
    """
    try:
        pattern = re.compile(lora.targets)
    except re.error as error:
        raise TuningError(reason="bad_pattern", problem=str(error)) from None
    found = {
        name: (module.in_features, module.out_features)
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and pattern.fullmatch(name)
    }
    if not found:
        raise TuningError(reason="nothing_matched", pattern=lora.targets)
    outside = _outside(model, found)
    if outside and lora.touches == "language":
        raise TuningError(reason="touches_vision", n=len(outside), name=outside[0])
    return found


def _outside(model: nn.Module, found: dict[str, tuple[int, int]]) -> list[str]:
    inside, _ = language_model(model)
    return [name for name in found if not name.startswith(f"{inside}.")]


def count(model: nn.Module, lora: Lora) -> Count:
    """Parameters that the recipe trains in `model`, from the shapes of its layers alone.

    Raises
    ------
    TuningError
        As :func:`adapted`; and when the recipe names another number than there is.
    """
    found = adapted(model, lora)
    sizes = {name: rank_of(name, lora) * sum(shape) for name, shape in found.items()}
    trainable = sum(sizes.values())
    if lora.expected is not None and trainable != lora.expected:
        raise TuningError(reason="count_expected", n=f"{trainable:,}", expected=f"{lora.expected:,}")
    outside = sum(sizes[name] for name in _outside(model, found))
    return Count(trainable, outside, _total(model) + trainable, len(found))


def _total(model: nn.Module) -> int:
    """Parameters as they are counted before quantisation: four bits are packed two to a byte."""
    packed = {
        id(module.weight): module.in_features * module.out_features
        for module in model.modules()
        if type(module).__name__ in _QUANTISED and isinstance(module, nn.Linear)
    }
    return sum(packed.get(id(parameter), parameter.numel()) for parameter in model.parameters())
