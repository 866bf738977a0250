"""Train the flow: from noise to latents of films along straight lines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from prosvet.training.generator.coder import LATENT, Coder
from prosvet.training.generator.conditions import Conditions, drop
from prosvet.training.generator.films import batch_of
from prosvet.training.generator.transformer import Flow
from prosvet.training.runner import Schedule, run_steps

__all__ = ["FlowRecipe", "latents_of", "train_flow"]


@dataclass(frozen=True)
class FlowRecipe:
    """Films to see, films a step, learning rate, seed."""

    images: int = 1_500_000
    batch: int = 64
    lr: float = 5e-4
    seed: int = 42


@torch.no_grad()
def latents_of(pixels: Tensor, net: Coder, copies: int = 4, seed: int = 42) -> Tensor:
    """Latents (copies, N, 32, 16, 16), float16, of prepared films (N, 256, 256) uint8.

    The first copy is the films as they are, the others are moved as in training.
    """
    device = next(net.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    found = torch.empty(copies, len(pixels), *LATENT, dtype=torch.float16)
    for copy in range(copies):
        for start in range(0, len(pixels), 32):
            some = pixels[start : start + 32]
            films = some.unsqueeze(1).float() / 255 if copy == 0 else batch_of(some, None, generator)[0]
            found[copy, start : start + len(some)] = net.encode(films.to(device)).cpu().half()
    return found


def train_flow(
    latents: Tensor, conditions: Conditions, weights: Tensor, worth: Tensor, out: Path, recipe: FlowRecipe
) -> Path:
    """Train on latents (V, N, 32, 16, 16) and what is known of their films, drawn by `weights` (N,); resumable.

    `worth` (32, 1, 1) weighs the errors of components: the coarse ones move more of a film's grey, and their errors are
    seen as seams. Gives the path of the averaged weights. The time is drawn from a logistic normal distribution (Esser
    et al. 2024, https://arxiv.org/abs/2403.03206).
    """
    torch.manual_seed(recipe.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = Flow().to(device)
    copies, heavy = latents.shape[0], (worth / worth.mean()).to(device)

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        rows = torch.multinomial(weights, recipe.batch, replacement=True, generator=generator)
        copy = torch.randint(copies, (recipe.batch,), generator=generator)
        films = latents[copy, rows].float().to(device)
        asked, style = drop(conditions, rows, generator)
        noise = torch.randn(films.shape, generator=generator).to(device)
        time = torch.sigmoid(torch.randn(recipe.batch, generator=generator)).to(device)
        at = time.view(-1, 1, 1, 1)
        with torch.autocast(device.type, torch.bfloat16):
            velocity = net((1 - at) * noise + at * films, time, asked.to(device), style.to(device))
        loss: Tensor = (heavy * (velocity.float() - (films - noise)).square()).mean()
        return loss

    schedule = Schedule(recipe.images // recipe.batch, recipe.batch, recipe.lr, 0.01, 0.9995, recipe.seed)
    return run_steps(net, loss_of, schedule, out, "flow")
