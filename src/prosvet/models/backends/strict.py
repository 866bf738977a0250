"""Weights of transformers models, loaded strictly: a missing, unexpected or misshapen tensor is an error."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prosvet.core.errors import VlmError
from prosvet.core.optional import require
from prosvet.models.vlm.card import Load

__all__ = ["device_of", "load_strictly", "refuse_differences"]

_SHOWN = 3


def device_of(name: str, load: Load) -> str:
    """``cpu`` or ``cuda``, as the card wants and the machine has.

    Raises
    ------
    VlmError
        When CUDA is wanted and there is none.
    """
    torch = require("torch", "vlm")
    there = bool(torch.cuda.is_available())
    if load.device == "auto":
        return "cuda:0" if there else "cpu"
    if load.device.startswith("cuda") and not there:
        raise VlmError(name=name, reason="no_cuda")
    return load.device


def load_strictly(name: str, kind: Any, folder: Path, load: Load, *, remote_code: bool = False) -> Any:
    """A model of class `kind` from a folder, in evaluation, on its device.

    Parameters
    ----------
    kind : class
        Of transformers, with ``from_pretrained``.

    Raises
    ------
    VlmError
        When the tensors of the folder and of the architecture differ, or the device cannot hold them.
    """
    torch, device = require("torch", "vlm"), device_of(name, load)
    given: dict[str, Any] = {
        "local_files_only": True, "use_safetensors": True, "output_loading_info": True,
        "ignore_mismatched_sizes": True, "trust_remote_code": remote_code, "dtype": getattr(torch, load.dtype),
        "device_map": {"": device},
    }  # fmt: skip
    if load.quantisation != "none":
        given["quantization_config"] = _quantised(load.quantisation, torch)
        given["dtype"] = torch.bfloat16 if load.quantisation == "nf4" else given["dtype"]
    try:
        model, info = kind.from_pretrained(folder, **given)
    except torch.cuda.OutOfMemoryError:
        raise VlmError(name=name, reason="no_memory") from None
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise VlmError(name=name, reason="generation", problem=_first_line(error)) from None
    refuse_differences(name, info, load.allowed_missing)
    return model.eval()


def _quantised(kind: str, torch: Any) -> Any:
    require("bitsandbytes", "vlm")
    config = require("transformers", "vlm").BitsAndBytesConfig
    if kind == "int8":
        return config(load_in_8bit=True)
    return config(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
                  bnb_4bit_compute_dtype=torch.bfloat16)  # fmt: skip


def refuse_differences(name: str, info: dict[str, Any], allowed: Iterable[str]) -> None:
    """Raise :class:`VlmError` where tensors are missing, unexpected or of another shape."""
    patterns = [re.compile(pattern) for pattern in allowed]
    missing = [key for key in sorted(info["missing_keys"]) if not any(p.fullmatch(key) for p in patterns)]
    unexpected = sorted(info["unexpected_keys"])
    mismatched = sorted(str(one[0] if isinstance(one, tuple) else one) for one in info["mismatched_keys"])
    if missing or unexpected or mismatched:
        raise VlmError(name=name, reason="tensors_differ", missing=_some(missing), unexpected=_some(unexpected),
                       mismatched=_some(mismatched))  # fmt: skip


def _some(keys: list[str]) -> str:
    """A few names and how many more there are."""
    more = f" (+{len(keys) - _SHOWN})" if len(keys) > _SHOWN else ""
    return ", ".join(keys[:_SHOWN]) + more if keys else "–"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
