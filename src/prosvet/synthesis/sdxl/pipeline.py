"""The diffusers pipeline of a folder, opened without a network, and its coder of pictures kept in float32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.errors import SynthesisError
from prosvet.core.optional import require
from prosvet.synthesis.sampling import Scheduler

__all__ = ["decoded", "device_name", "encoded", "glance", "open_pipeline", "scheduler_of"]

Picture = NDArray[np.float32]

# The published linear map of SDXL's latents to colours, good enough for a look on the way; here its mean, grey.
_GREY = (55 / 255, -55 / 3 / 255, 5 / 255, -155 / 3 / 255)
_BASE = 140 / 255


def device_name() -> str:
    """Where to compute."""
    torch = require("torch", "synth")
    return "cuda" if torch.cuda.is_available() else "cpu"


def open_pipeline(folder: Path, dtype: str, device: str, without: Sequence[str] = ()) -> Any:
    """The pipeline, ready to be asked; parts `without` are not loaded.

    In float32 on a processor; the coder of pictures in float32 everywhere.

    Raises
    ------
    MissingExtra
    SynthesisError
        When the folder holds another kind of pipeline, or one of its files cannot be read.
    """
    torch, diffusers = require("torch", "synth"), _quiet()
    require("peft", "synth")
    kind = getattr(torch, dtype) if device != "cpu" else torch.float32
    try:
        pipe = diffusers.StableDiffusionXLPipeline.from_pretrained(
            str(folder), dtype={"default": kind, "vae": torch.float32}, local_files_only=True, use_safetensors=True,
            add_watermarker=False,
            **dict.fromkeys(without),
        )  # fmt: skip
    except (OSError, ValueError, KeyError) as error:
        raise SynthesisError(reason="pipeline_broken", detail=str(error).splitlines()[0][:200]) from None
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(device)


def _quiet() -> Any:
    """diffusers, imported with its bars and those of transformers off: what is worth telling, we log."""
    words = require("transformers", "synth").utils.logging
    words.set_verbosity_error()
    words.disable_progress_bar()
    diffusers = require("diffusers", "synth")
    diffusers.utils.logging.disable_progress_bar()
    return diffusers


def scheduler_of(config: Any, name: Scheduler) -> Any:
    """The way from noise to the picture, by the base's own table of noise."""
    diffusers = require("diffusers", "synth")
    if name == "ddim":
        return diffusers.DDIMScheduler.from_config(config, clip_sample=False)
    if name == "euler_a":
        return diffusers.EulerAncestralDiscreteScheduler.from_config(config)
    return diffusers.DPMSolverMultistepScheduler.from_config(
        config, use_karras_sigmas=True, algorithm_type="dpmsolver++", solver_order=2
    )


def encoded(pipe: Any, picture: Picture, seed: int) -> Any:
    """Latents (1, 4, h, w), float32, scaled as the UNet has them, of a picture (H, W) in 0..1."""
    torch = require("torch", "synth")
    with torch.no_grad():
        grey = torch.from_numpy(np.ascontiguousarray(picture, dtype=np.float32)).to(pipe.vae.device)
        found = pipe.vae.encode((2 * grey - 1).expand(1, 3, -1, -1)).latent_dist
        latents = found.sample(torch.Generator(found.mean.device).manual_seed(seed)) * pipe.vae.config.scaling_factor
    _ensure_finite(latents)
    return latents


def decoded(pipe: Any, latents: Any) -> Picture:
    """The picture (H, W) in 0..1 of latents, by the coder in float32.

    Raises
    ------
    SynthesisError
        When a number is not finite.
    """
    torch = require("torch", "synth")
    with torch.no_grad():
        made = pipe.vae.decode(latents.to(pipe.vae.device, torch.float32) / pipe.vae.config.scaling_factor).sample
    _ensure_finite(made)
    grey: Picture = ((made[0].mean(dim=0) + 1) / 2).clamp(0, 1).float().cpu().numpy()
    return grey


def _ensure_finite(values: Any) -> None:
    if not bool(values.isfinite().all()):
        raise SynthesisError(reason="not_finite")


def glance(latents: Any, side: int) -> Picture:
    """A rough picture (side, side) in 0..1 of latents, without the coder."""
    from PIL import Image

    small = _mean(latents[0].float().cpu().numpy(), _GREY) + np.float32(_BASE)
    grown = Image.fromarray(np.clip(small, 0, 1).astype(np.float32)).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(grown, dtype=np.float32)


def _mean(planes: NDArray[np.float32], weights: Sequence[float]) -> NDArray[np.float32]:
    return np.tensordot(np.asarray(weights, dtype=np.float32), planes, axes=1)
