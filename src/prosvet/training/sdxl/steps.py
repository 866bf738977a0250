"""One step of training: noise to a film's latents, the UNet's guess of it, and how far it is off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from prosvet.training.sdxl.latents import Encoded

__all__ = ["Batch", "draw", "loss_of", "which"]


@dataclass(frozen=True)
class Batch:
    """Noisy latents at their times, what is to be guessed, and what the UNet is told beside them."""

    noisy: Tensor
    aim: Tensor
    times: Tensor
    words: Tensor
    pooled: Tensor
    sizes: Tensor


def which(count: int, place: int, batch: int, seed: int) -> list[int]:
    """The films of the batch `place`, counted over the whole run: each once an epoch, in an order of the epoch's own.

    Examples
    --------
    >>> sorted(which(5, 0, 3, seed=1) + which(5, 1, 3, seed=1)[:2])
    [0, 1, 2, 3, 4]
    """
    found = []
    for at in range(place * batch, (place + 1) * batch):
        epoch, number = divmod(at, count)
        found.append(int(np.random.default_rng([seed, epoch]).permutation(count)[number]))
    return found


def draw(
    encoded: Encoded, chosen: list[int], scheduler: Any, scale: float, seed: tuple[int, int], device: Any
) -> Batch:
    """A batch with its noise. All chance comes from `seed`, so that a stopped run goes on as if it had not been."""
    chance = torch.Generator().manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
    mean, deviation = encoded.mean[chosen], encoded.deviation[chosen]
    latents = scale * (mean + deviation * torch.randn(mean.shape, generator=chance))
    noise = torch.randn(mean.shape, generator=chance)
    times = torch.randint(0, scheduler.config.num_train_timesteps, (len(chosen),), generator=chance)
    guessed = scheduler.config.prediction_type
    aim = scheduler.get_velocity(latents, noise, times) if guessed == "v_prediction" else noise
    parts = (scheduler.add_noise(latents, noise, times), aim, times)
    told = (encoded.words[chosen], encoded.pooled[chosen], encoded.times[chosen])
    return Batch(*(value.to(device) for value in (*parts, *told)))


def loss_of(unet: Any, batch: Batch) -> Tensor:
    """Mean squared error of the guess, in float32."""
    dtype = getattr(unet, "module", unet).dtype  # of the wrapped one, where several processes train
    given = {"text_embeds": batch.pooled.to(dtype), "time_ids": batch.sizes.to(dtype)}
    guess = unet(batch.noisy.to(dtype), batch.times, batch.words.to(dtype), added_cond_kwargs=given).sample
    return torch.nn.functional.mse_loss(guess.float(), batch.aim.float())
