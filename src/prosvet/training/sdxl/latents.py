"""Films and prompts as what the UNet sees, once for the whole run; then the coder and the encoders are let go of."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from prosvet.core.errors import TuningError
from prosvet.core.optional import require
from prosvet.synthesis.prompt import Clause
from prosvet.training.sdxl.films import Case

__all__ = ["Encoded", "encode_all", "moments"]

log = logging.getLogger(__name__)

_FILE = "encoded.safetensors"


class Encoded:
    """Everything of a run's films: (N, …) tensors on the processor.

    Attributes
    ----------
    mean, deviation : Tensor, shape (N, 4, h, w), float32
        Of the coder's distribution, unscaled: a latent is drawn at each step.
    words : Tensor, shape (N, 77, width), pooled : Tensor, shape (N, width of the second encoder)
    times : Tensor, shape (N, 6)
        The film's own size, the corner, the square's size, as SDXL is told them.
    """

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.mean, self.deviation = tensors["mean"], tensors["deviation"]
        self.words, self.pooled, self.times = tensors["words"], tensors["pooled"], tensors["times"]

    def __len__(self) -> int:
        return len(self.mean)


def encode_all(cases: Sequence[Case], pipe: Any, out: Path, size: int) -> Encoded:
    """Encode every case, or take what a former start of the run left.

    Raises
    ------
    TuningError
        When the coder gives a number that is not finite; the film is named.
    """
    safetensors = require("safetensors.torch", "synth")
    kept = out / _FILE
    if kept.is_file():
        return Encoded(safetensors.load_file(str(kept)))
    rows = [_encoded(case, pipe, out, size) for case in cases]
    tensors = {name: torch.cat([row[name] for row in rows]) for name in rows[0]}
    fresh = out / "encoded.tmp"
    safetensors.save_file(tensors, str(fresh))
    fresh.replace(kept)
    log.info("%d films and prompts encoded", len(rows))
    return Encoded(tensors)


@torch.no_grad()
def _encoded(case: Case, pipe: Any, out: Path, size: int) -> dict[str, Tensor]:
    from prosvet.synthesis.sdxl.embeddings import embedded

    with Image.open(out / case.file) as picture:
        grey = torch.from_numpy(np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255))
    mean, deviation = moments(pipe.vae, grey)
    if not bool(mean.isfinite().all() and deviation.isfinite().all()):
        raise TuningError(reason="sdxl_nan_vae", name=case.file)
    words, pooled = embedded(pipe, (Clause(case.prompt, 1.0),), 1)
    times = torch.tensor([[*case.original, *case.corner, size, size]], dtype=torch.float32)
    made = {"mean": mean, "deviation": deviation, "words": words, "pooled": pooled, "times": times}
    return {name: value.detach().float().cpu().contiguous() for name, value in made.items()}


@torch.no_grad()
def moments(vae: Any, grey: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of the latents of a grey picture (H, W) in 0..1, by the coder in float32."""
    found = vae.encode((2 * grey.to(vae.device, torch.float32) - 1).expand(1, 3, -1, -1)).latent_dist
    return found.mean, found.std
