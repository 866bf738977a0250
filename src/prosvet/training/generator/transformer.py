"""The network of the flow: a small diffusion transformer over the latents of one film.

Latents (32, 16, 16) are 64 tokens of 2 x 2, and a few convolutions join what the tokens say at their edges: without
them the seams of 32 pixels stay to be seen. The time and everything asked for are one vector, which shifts and scales
every block by one shared layer (adaLN-single of PixArt-alpha, Chen et al. 2023, https://arxiv.org/abs/2310.00426;
the transformer itself is DiT, Peebles and Xie 2023, https://arxiv.org/abs/2212.09748). Keys and queries are
normalised, without which small learning runs in bfloat16 diverge.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from prosvet.training.data import FINDINGS
from prosvet.training.generator.coder import LATENT
from prosvet.training.generator.measured import MEASURES

__all__ = ["ASKED", "STYLES", "TEXT", "Flow"]

TEXT = 512
STYLES = 8  # archives that look alike share one; the last is "any"
ASKED = TEXT + 1 + 2 * len(FINDINGS) + 2 * MEASURES  # vector, whether there is one; value and known of each

_PATCH = 2


def _unit(x: Tensor) -> Tensor:
    """Root mean square one along the last axis; written out, since the ONNX operators of 18 have no such norm."""
    return x * torch.rsqrt(x.square().mean(dim=-1, keepdim=True) + 1e-6)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.after = (nn.LayerNorm(width, elementwise_affine=False) for _ in range(2))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.q_size, self.k_size = (nn.Parameter(torch.ones(width // heads)) for _ in range(2))
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.table = nn.Parameter(torch.randn(6, width) / width**0.5)

    def forward(self, x: Tensor, shared: Tensor) -> Tensor:
        n, tokens, width = x.shape
        shift, scale, gate, shift2, scale2, gate2 = (self.table + shared.view(n, 6, width)).unbind(1)
        y = self.before(x) * (1 + scale[:, None]) + shift[:, None]
        q, k, v = self.qkv(y).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(_unit(q) * self.q_size, _unit(k) * self.k_size, v)
        x = x + gate[:, None] * self.out(y.transpose(1, 2).reshape(n, tokens, width))
        y = self.after(x) * (1 + scale2[:, None]) + shift2[:, None]
        out: Tensor = x + gate2[:, None] * self.down(F.gelu(self.up(y), approximate="tanh"))
        return out


class _Join(nn.Module):
    """Convolutions over the grid of latents that mend a velocity where tokens meet; nothing at first."""

    def __init__(self, channels: int, width: int, wide: int = 96, depth: int = 2) -> None:
        super().__init__()
        self.enter = nn.Conv2d(2 * channels, wide, 3, padding=1)
        self.norms = nn.ModuleList(nn.GroupNorm(8, wide, affine=False) for _ in range(depth))
        self.known = nn.ModuleList(nn.Linear(width, 2 * wide) for _ in range(depth))
        self.into, self.out = (
            nn.ModuleList(nn.Conv2d(wide, wide, 3, padding=1) for _ in range(depth)) for _ in range(2)
        )
        self.leave = nn.Conv2d(wide, channels, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def forward(self, latents: Tensor, velocity: Tensor, known: Tensor) -> Tensor:
        x = self.enter(torch.cat([latents, velocity], dim=1))
        for norm, ask, into, out in zip(self.norms, self.known, self.into, self.out, strict=True):
            scale, shift = ask(known)[:, :, None, None].chunk(2, dim=1)
            x = x + out(F.silu(into(F.silu(norm(x) * (1 + scale) + shift))))
        made: Tensor = velocity + self.leave(F.silu(x))
        return made


class Flow(nn.Module):
    """The velocity of latents at a time, given what is asked.

    :meth:`forward` takes latents (N, 32, 16, 16), times (N,) from 0 (noise) to 1 (film), what is asked
    (N, :data:`ASKED`) and the style (N,) as its number, and gives the velocity (N, 32, 16, 16).
    """

    def __init__(self, width: int = 256, depth: int = 8, heads: int = 4) -> None:
        super().__init__()
        channels, side, _ = LATENT
        self.width = width
        self.enter = nn.Linear(channels * _PATCH**2, width)
        self.place = nn.Parameter(torch.randn((side // _PATCH) ** 2, width) * 0.02)
        self.time = nn.Sequential(nn.Linear(128, width), nn.SiLU(), nn.Linear(width, width))
        self.asked = nn.Sequential(nn.Linear(ASKED, width), nn.SiLU(), nn.Linear(width, width))
        self.style = nn.Embedding(STYLES, width)
        self.shared = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(depth))
        self.last, self.leave = nn.LayerNorm(width), nn.Linear(width, channels * _PATCH**2)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        self.join = _Join(channels, width)

    def forward(self, latents: Tensor, time: Tensor, asked: Tensor, style: Tensor) -> Tensor:
        n = latents.shape[0]
        channels, side, _ = LATENT
        grid = side // _PATCH
        tokens = latents.view(n, channels, grid, _PATCH, grid, _PATCH).permute(0, 2, 4, 1, 3, 5).reshape(n, grid**2, -1)
        known = self.time(_waves(time)) + self.asked(asked) + self.style(style)
        shared = self.shared(known)
        x = self.enter(tokens) + self.place
        for block in self.blocks:
            x = block(x, shared)
        x = self.leave(self.last(x)).view(n, grid, grid, channels, _PATCH, _PATCH)
        velocity = x.permute(0, 3, 1, 4, 2, 5).reshape(n, channels, side, side)
        out: Tensor = self.join(latents, velocity, F.silu(known))
        return out


def _waves(time: Tensor, count: int = 64) -> Tensor:
    frequencies = torch.exp(torch.linspace(0, math.log(1000), count, device=time.device))
    angles = time[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)
