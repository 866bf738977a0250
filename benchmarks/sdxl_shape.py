"""SDXL's shape on a GPU: random weights, 1024 pixels, 20 training steps of a LoRA, the peak of memory printed.

No weights are needed: the networks are built from the published configuration. Run from the repository:

    python benchmarks/sdxl_shape.py [--steps 20] [--size 1024] [--rank 16]

Without a GPU it says so and stops with exit status 3.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

UNET = {
    "sample_size": 128, "in_channels": 4, "out_channels": 4, "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2, "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True, "addition_embed_type": "text_time", "addition_time_embed_dim": 256,
    "transformer_layers_per_block": (1, 2, 10), "projection_class_embeddings_input_dim": 2816,
    "cross_attention_dim": 2048,
}  # fmt: skip
VAE = {
    "block_out_channels": (128, 256, 512, 512), "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4, "layers_per_block": 2, "latent_channels": 4,
    "sample_size": 1024, "scaling_factor": 0.13025,
}  # fmt: skip
GIB = 2**30


def main() -> int:
    """Build, encode, train, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("--steps", 20), ("--size", 1024), ("--rank", 16), ("--accumulate", 4)):
        parser.add_argument(name, type=int, default=value)
    asked = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        print("no GPU here: SDXL's shape was not run")
        return 3
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {asked.size} px, rank {asked.rank}")
    encoded, scheduler, scale = _material(asked.size)
    _told("the coder, one film in float32", 0.0)
    _train(asked, encoded, scheduler, scale)
    return 0


def _material(size: int) -> tuple[Any, Any, float]:
    """One film through a random coder in float32, and random words."""
    import torch
    from diffusers import AutoencoderKL, DDPMScheduler

    from prosvet.training.sdxl.latents import Encoded, moments

    torch.manual_seed(42)
    vae = AutoencoderKL(**VAE).to("cuda").eval()
    mean, deviation = moments(vae, torch.rand(size, size))
    scheduler = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    told = {
        "mean": mean.cpu(), "deviation": deviation.cpu(), "words": torch.randn(1, 77, 2048),
        "pooled": torch.randn(1, 1280), "times": torch.tensor([[size, size, 0, 0, size, size]], dtype=torch.float32),
    }  # fmt: skip
    return Encoded(told), scheduler, float(vae.config.scaling_factor)


def _train(asked: argparse.Namespace, encoded: Any, scheduler: Any, scale: float) -> None:
    """Steps by the very functions of `prosvet train sdxl-lora`."""
    import torch
    from accelerate import Accelerator
    from diffusers import UNet2DConditionModel

    from prosvet.training.sdxl.recipe import Lora, Steps
    from prosvet.training.sdxl.run import optimiser_of, with_adapter
    from prosvet.training.sdxl.steps import draw, loss_of

    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    accelerator, steps = Accelerator(mixed_precision="fp16"), Steps(accumulate=asked.accumulate)
    with torch.device("cuda"):
        torch.set_default_dtype(torch.float16)
        unet = UNet2DConditionModel(**UNET)
        torch.set_default_dtype(torch.float32)
    unet = with_adapter(unet.half(), Lora(rank=asked.rank, alpha=asked.rank), steps)
    trained = [p for p in unet.parameters() if p.requires_grad]
    optimiser, kind = optimiser_of(trained, steps)
    unet, optimiser = accelerator.prepare(unet, optimiser)
    print(f"{sum(p.numel() for p in trained):,} of {sum(p.numel() for p in unet.parameters()):,} parameters, {kind}")
    began, skipped = time.monotonic(), 0
    for step in range(asked.steps):
        for part in range(asked.accumulate):
            seed = (42, step * asked.accumulate + part)
            batch = draw(encoded, [0], scheduler, scale, seed, accelerator.device)
            with accelerator.autocast():
                loss = loss_of(unet, batch)
            accelerator.backward(loss / asked.accumulate)
        accelerator.clip_grad_norm_(trained, steps.clip)
        optimiser.step()
        skipped += int(optimiser.step_was_skipped)
        optimiser.zero_grad()
        print(f"step {step + 1}: loss {float(loss):.4f}")
    _told(f"{asked.steps} steps ({skipped} skipped)", (time.monotonic() - began) / asked.steps)


def _told(what: str, seconds: float) -> None:
    import torch

    torch.cuda.synchronize()
    pace = f", {seconds:.2f} s a step" if seconds else ""
    print(f"{what}: peak {torch.cuda.max_memory_allocated() / GIB:.2f} GiB{pace}")


if __name__ == "__main__":
    sys.exit(main())
