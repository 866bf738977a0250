"""The model of a recipe: loaded whole or refused, quantised, with adapters on the layers that were asked for."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch
from torch import nn

from prosvet.core.errors import ModelError, NotFound, TuningError
from prosvet.core.optional import require
from prosvet.training.vlm.counts import Count, adapted, count, rank_of
from prosvet.training.vlm.recipe import Base, Lora

__all__ = ["adapter_from", "load_base", "load_processor", "with_adapter"]

log = logging.getLogger(__name__)

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def _folder(base: Base) -> Path:
    if not (base.path / "config.json").is_file():
        raise NotFound(kind="model", name=str(base.path))
    return base.path


def load_processor(base: Base) -> Any:
    """Tokenizer and image processor, with the recipe's size of images.

    Raises
    ------
    NotFound
        When there is no such folder.
    """
    transformers = require("transformers", "vlm")
    processor = transformers.AutoProcessor.from_pretrained(_folder(base), local_files_only=True)
    images = processor.image_processor
    if base.longest_edge is not None:
        images.size = {"longest_edge": base.longest_edge}
    if base.split_images is not None:
        images.do_image_splitting = base.split_images
    return processor


def load_base(base: Base, *, quantise: bool = True) -> Any:
    """The weights; with ``quantise=False`` in the recipe's dtype whatever the recipe says of quantisation.

    Raises
    ------
    NotFound
        When there is no such folder.
    ModelError
        When a tensor is missing, left over or of another shape.
    """
    transformers = require("transformers", "vlm")
    given: dict[str, Any] = {"dtype": _DTYPES[base.dtype], "local_files_only": True, "output_loading_info": True}
    device = _device(base.device)
    if quantise and base.quantisation == "nf4":
        require("bitsandbytes", "vlm")
        given["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
        given["device_map"] = {"": device}
    model, told = transformers.AutoModelForImageTextToText.from_pretrained(_folder(base), **given)
    wrong = [*told["missing_keys"], *told["unexpected_keys"], *(str(key) for key in told["mismatched_keys"])]
    if wrong:
        raise ModelError(name=base.path.name, reason=f"{len(wrong)} tensors do not fit: {', '.join(sorted(wrong)[:3])}")
    return model if "device_map" in given else model.to(device)


def _device(asked: str) -> str:
    """Where this process computes: with several processes each has a device of its own."""
    if asked != "auto":
        return asked
    if not torch.cuda.is_available():
        return "cpu"
    return str(require("accelerate", "vlm").PartialState().device)


def with_adapter(model: Any, lora: Lora, seed: int) -> tuple[Any, Count]:
    """`model` with fresh adapters, and how many parameters they are.

    Raises
    ------
    TuningError
        When the pattern is wrong, the number is not the recipe's, or not what was counted from the shapes.
    """
    peft = require("peft", "vlm")
    told = count(model, lora)
    names = adapted(model, lora)
    torch.manual_seed(seed)
    config = peft.LoraConfig(
        r=lora.rank,
        rank_pattern=dict(lora.ranks),
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        init_lora_weights=True if lora.init == "default" else lora.init,
        target_modules=lora.targets,
        task_type="CAUSAL_LM",
    )
    tuned = peft.get_peft_model(model, config)
    trained = sum(p.numel() for p in tuned.parameters() if p.requires_grad)
    if trained != told.trainable:
        raise TuningError(reason="count_differs", n=f"{trained:,}", expected=f"{told.trainable:,}")
    ranks = sorted({rank_of(name, lora) for name in names})
    log.info(
        "%s of %s parameters train (%.2f %%): %d layers, rank %s, %s of them outside the language model",
        f"{told.trainable:,}", f"{told.total:,}", 100 * told.share, told.layers, "/".join(map(str, ranks)),
        f"{told.outside:,}",
    )  # fmt: skip
    return tuned, told


def adapter_from(model: Any, folder: Path, *, trainable: bool) -> Any:
    """`model` with the adapters that lie in `folder`.

    Raises
    ------
    NotFound
    """
    if not (folder / "adapter_config.json").is_file():
        raise NotFound(kind="model", name=str(folder))
    tuned: nn.Module = require("peft", "vlm").PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)
    return tuned
