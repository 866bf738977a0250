"""An autoencoder of films: 256 x 256 grey pixels to latents of 12 x 16 x 16 and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prosvet.training.generator.films import batch_of
from prosvet.training.generator.haar import LEVELS, from_planes, scale_of_planes, to_planes
from prosvet.training.runner import Schedule, run_steps

__all__ = ["LATENT", "Autoencoder", "AutoencoderRecipe", "train_autoencoder"]

LATENT = (12, 16, 16)  # channels, height, width


@dataclass(frozen=True)
class AutoencoderRecipe:
    """Films to see, films a step, learning rate, weight of the details and of the pull to a normal distribution."""

    images: int = 40_000
    batch: int = 16
    lr: float = 1e-3
    details: float = 1.0
    kl: float = 3e-5
    seed: int = 42


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
            nn.GroupNorm(8, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class Autoencoder(nn.Module):
    """Wavelet planes at 32 x 32, residual blocks there and at 16 x 16, latents of :data:`LATENT`.

    Films are (N, 1, 256, 256) in 0..1. :meth:`encode` gives means and log-variances; :meth:`decode` gives films,
    not clipped.
    """

    scale: Tensor

    def __init__(self, wide: int = 96, deep: int = 160) -> None:
        super().__init__()
        planes, latent = 4**LEVELS, LATENT[0]
        self.register_buffer("scale", scale_of_planes())
        self.encoder = nn.Sequential(
            nn.Conv2d(planes, wide, 3, padding=1), _Block(wide), _Block(wide),
            nn.Conv2d(wide, deep, 3, stride=2, padding=1), _Block(deep), _Block(deep),
            nn.GroupNorm(8, deep), nn.SiLU(), nn.Conv2d(deep, 2 * latent, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv2d(latent, deep, 3, padding=1), _Block(deep), _Block(deep),
            nn.Conv2d(deep, 4 * wide, 1), nn.PixelShuffle(2), _Block(wide), _Block(wide), _Block(wide),
            nn.GroupNorm(8, wide), nn.SiLU(), nn.Conv2d(wide, planes, 3, padding=1),
        )  # fmt: skip

    def encode(self, films: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the latents, each (N, 12, 16, 16)."""
        mean, spread = self.encoder(to_planes(films - 0.5) / self.scale).chunk(2, dim=1)
        return mean, spread.clamp(-12, 4)

    def decode(self, latents: Tensor) -> Tensor:
        """Films (N, 1, 256, 256) of latents (N, 12, 16, 16)."""
        return from_planes(self.decoder(latents) * self.scale) + 0.5


def _loss(net: Autoencoder, films: Tensor, noise: Tensor, recipe: AutoencoderRecipe) -> Tensor:
    with torch.autocast(films.device.type, torch.bfloat16):
        mean, spread = net.encode(films)
        made = net.decode(mean + noise * torch.exp(spread / 2)).float()
    wanted = to_planes(films)
    coarse = F.l1_loss(made, films)
    fine = ((to_planes(made) - wanted).abs()[:, 1:]).mean()  # else the bulk of the grey drowns edges and vessels
    mean, spread = mean.float(), spread.float()
    pull = (mean.square() + spread.exp() - 1 - spread).mean() / 2
    return coarse + recipe.details * fine + recipe.kl * pull


def train_autoencoder(pixels: Tensor, out: Path, recipe: AutoencoderRecipe) -> Path:
    """Train on prepared films (N, 256, 256) uint8; resumable. Gives the path of the averaged weights."""
    torch.manual_seed(recipe.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = Autoencoder().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        films, _ = batch_of(pixels, recipe.batch, generator)
        noise = torch.randn(recipe.batch, *LATENT, generator=generator)
        return _loss(net, films.to(device, memory_format=torch.channels_last), noise.to(device), recipe)

    schedule = Schedule(recipe.images // recipe.batch, recipe.batch, recipe.lr, 1e-4, 0.995, recipe.seed)
    return run_steps(net, loss_of, schedule, out, "autoencoder")
