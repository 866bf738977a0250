"""The adapter worked into the base: a pipeline of its own in a new folder, the base untouched."""

from __future__ import annotations

import shutil
from pathlib import Path

from prosvet.core.errors import TuningError
from prosvet.synthesis.sdxl.adapter_file import check_adapter
from prosvet.synthesis.sdxl.pipeline import open_pipeline
from prosvet.synthesis.sdxl.worn import Wardrobe
from prosvet.training.sdxl.checkpoints import ADAPTER

__all__ = ["fuse"]


def fuse(base: Path, out: Path, strength: float = 1.0) -> Path:
    """Write ``OUT/fused``, the base with the adapter of the run in `out` worked into its weights.

    Raises
    ------
    TuningError
        When the run has no adapter yet.
    SynthesisError
        When the adapter is not one of this base.
    """
    path = out / ADAPTER
    if not path.is_file():
        raise TuningError(reason="sdxl_not_trained", name=out.name)
    adapter = check_adapter(path, base)
    pipe = open_pipeline(base, "float32", "cpu")
    Wardrobe(pipe).wear(adapter)
    pipe.fuse_lora(lora_scale=strength, safe_fusing=True)
    pipe.unload_lora_weights()
    fresh, made = out / "fused.part", out / "fused"
    shutil.rmtree(fresh, ignore_errors=True)
    pipe.save_pretrained(fresh)
    shutil.rmtree(made, ignore_errors=True)
    fresh.replace(made)
    return made
