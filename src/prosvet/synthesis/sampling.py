"""Ways from noise to latents: the common samplers, on a flow written as a denoiser.

A flow's point at time t is ``(1 - t) * noise + t * film``. Divided by t it is ``film + sigma * noise`` with
``sigma = (1 - t) / t``, and the flow's velocity gives the denoised film; so the samplers of Karras et al. 2022
(https://arxiv.org/abs/2206.00364) and DPM-Solver++ (Lu et al. 2022, https://arxiv.org/abs/2211.01095) apply as they
stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = ["SCHEDULERS", "Denoiser", "Scheduler", "sample", "sigmas", "start_of"]

Scheduler = Literal["dpmpp_2m_karras", "ddim", "euler_a"]
SCHEDULERS: tuple[Scheduler, ...] = get_args(Scheduler)
Latent = NDArray[np.float32]
Denoiser = Callable[[Latent, float], Latent]
"""(latents of film + sigma * noise, sigma) -> denoised latents."""

_MOST, _LEAST, _RHO = 80.0, 0.02, 7.0


def sigmas(steps: int, scheduler: Scheduler) -> NDArray[np.float64]:
    """Noise levels (steps + 1,), falling to zero: Karras spacing, or even in the flow's time for ``ddim``."""
    if scheduler == "ddim":
        time = np.linspace(1 / (1 + _MOST), 1 / (1 + _LEAST), steps)
        levels = (1 - time) / time
    else:
        ramp = np.linspace(0, 1, steps)
        levels = (_MOST ** (1 / _RHO) + ramp * (_LEAST ** (1 / _RHO) - _MOST ** (1 / _RHO))) ** _RHO
    return np.append(levels, 0.0)


def start_of(levels: NDArray[np.float64], strength: float) -> int:
    """At which step an image is taken up again: strength 1 forgets it, strength 0 leaves it as it is."""
    return len(levels) - 1 - round(strength * (len(levels) - 1))


def sample(
    denoise: Denoiser, start: Latent, levels: NDArray[np.float64], scheduler: Scheduler, random: np.random.Generator
) -> Iterator[tuple[Latent, Latent]]:
    """Go through `levels` from `start`, latents at ``levels[0]``; after each step the latents and what they will be.

    The last pair's first is the result. `random` feeds ``euler_a`` alone.
    """
    x, before, h_before = start, None, 0.0
    for high, low in pairwise(levels):
        clean = denoise(x, float(high))
        if low == 0:
            x = clean
        elif scheduler == "euler_a":
            up = min(low, float(np.sqrt(low**2 * (high**2 - low**2) / high**2)))
            down = float(np.sqrt(low**2 - up**2))
            x = x + (x - clean) / np.float32(high) * np.float32(down - high)
            x = x + random.standard_normal(x.shape, dtype=np.float32) * np.float32(up)
        elif scheduler == "ddim":
            x = x + (x - clean) / np.float32(high) * np.float32(low - high)
        else:
            h = float(np.log(high) - np.log(low))
            aim = clean
            if before is not None:
                ratio = h_before / h
                aim = np.float32(1 + 1 / (2 * ratio)) * clean - np.float32(1 / (2 * ratio)) * before
            x = np.float32(low / high) * x - np.float32(np.expm1(-h)) * aim
            before, h_before = clean, h
        yield x, clean
