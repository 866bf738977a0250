"""Augmentation of whole batches of grey films on the CPU or GPU, with one seeded generator.

The strength is chosen against the shortcut: what tells the source (borders, letters, contrast curve, sharpness,
aspect) is made random, what tells the finding stays.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["geometric", "photometric"]


def _uniform(generator: torch.Generator, count: int, low: float, high: float) -> Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def geometric(
    images: Tensor,
    size: int,
    generator: torch.Generator,
    *,
    masks: Tensor | None = None,
    turn: float = 12.0,
    zoom: tuple[float, float] = (0.78, 1.12),
    stretch: float = 0.18,
    shift: float = 0.08,
    flip: bool = True,
) -> tuple[Tensor, Tensor | None]:
    """Turn (degrees), zoom, stretch, shift and mirror images (N, 1, H, W) into (N, 1, size, size)."""
    count = images.shape[0]
    angle = _uniform(generator, count, -turn, turn) * math.pi / 180
    scale = _uniform(generator, count, *zoom)
    aspect = torch.exp(_uniform(generator, count, -stretch, stretch) / 2)
    mirror = torch.where(torch.rand(count, generator=generator) < (0.5 if flip else 0.0), -1.0, 1.0)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = torch.cos(angle) * scale * aspect * mirror
    theta[:, 0, 1] = -torch.sin(angle) * scale
    theta[:, 1, 0] = torch.sin(angle) * scale * mirror
    theta[:, 1, 1] = torch.cos(angle) * scale / aspect
    theta[:, :, 2] = _uniform(generator, 2 * count, -shift, shift).view(count, 2)
    grid = F.affine_grid(theta, [count, 1, size, size], align_corners=False)
    moved = F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    if masks is None:
        return moved, None
    half = F.affine_grid(theta, [count, 1, size // 2, size // 2], align_corners=False)
    return moved, F.grid_sample(masks, half, mode="bilinear", padding_mode="zeros", align_corners=False)


def photometric(images: Tensor, generator: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Change tone, shading, sharpness and noise of images (N, 1, S, S) in 0..1; add letters and a frame."""
    count, _, size, _ = images.shape

    def per_image(low: float, high: float) -> Tensor:
        return _uniform(generator, count, low, high).view(count, 1, 1, 1)

    x = images.clamp(0, 1)
    x = x ** torch.exp(per_image(-0.5 * strength, 0.5 * strength))
    # A window curve: steeper or flatter about a moving centre.
    x = (x - 0.5) * torch.exp(per_image(-0.35 * strength, 0.35 * strength)) + 0.5 + per_image(-0.1, 0.1) * strength
    # Uneven exposure: a smooth field over the film.
    field = torch.rand(count, 1, 3, 3, generator=generator) - 0.5
    x = x * (1 + 0.3 * strength * F.interpolate(field, (size, size), mode="bicubic", align_corners=False))
    if torch.rand(1, generator=generator).item() < 0.4:
        lower = int(size * _uniform(generator, 1, 0.45, 0.9).item())
        x = F.interpolate(F.interpolate(x, (lower, lower), mode="area"), (size, size), mode="bilinear")
    if torch.rand(1, generator=generator).item() < 0.3:
        soft = F.avg_pool2d(x, 3, 1, 1)
        x = x + (x - soft) * _uniform(generator, 1, -0.8, 1.5).item()
    x = x + torch.randn(x.shape, generator=generator) * per_image(0, 0.04) * strength
    x = x.clamp(0, 1)
    return _letters_and_frame(x, generator)


def _letters_and_frame(x: Tensor, generator: torch.Generator) -> Tensor:
    """Bright or dark marks near the edge, and an empty frame, on a third of the films each."""
    size = x.shape[-1]
    draw = torch.rand(x.shape[0], 8, generator=generator)
    for number in range(x.shape[0]):
        d = draw[number]
        if d[0] < 0.33:
            height, width = int(size * (0.02 + 0.05 * d[1])), int(size * (0.03 + 0.12 * d[2]))
            top = int((size - height) * (d[3] * 0.15 if d[4] < 0.6 else 0.85 + 0.15 * d[3]))
            left = int((size - width) * d[5])
            x[number, :, top : top + height, left : left + width] = 1.0 if d[6] < 0.8 else 0.0
        if d[7] < 0.33:
            edge = int(size * 0.06 * d[7] / 0.33)
            if edge:
                value = 0.0 if d[6] < 0.7 else 1.0
                x[number, :, :, :edge] = value
                x[number, :, :, -edge:] = value
    return x
