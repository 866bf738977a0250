"""The orthonormal Haar transform of a picture: what lets small networks work on a coarse grid and lose nothing.

Three levels turn a film of 256 px into 64 planes of 32 x 32; the inverse gives the film back to rounding. LiteVAE
(Sadat et al. 2024, https://arxiv.org/abs/2405.14477) works on wavelet planes for the same reason.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["LEVELS", "from_planes", "scale_of_planes", "to_planes"]

LEVELS = 3


def to_planes(films: Tensor, levels: int = LEVELS) -> Tensor:
    """Films (N, 1, S, S) as planes (N, 4**levels, S / 2**levels, S / 2**levels); the first is the coarsest mean."""
    planes = films
    for _ in range(levels):
        a, b = planes[..., ::2, ::2], planes[..., ::2, 1::2]
        c, d = planes[..., 1::2, ::2], planes[..., 1::2, 1::2]
        planes = torch.cat([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], dim=1) / 2
    return planes


def from_planes(planes: Tensor, levels: int = LEVELS) -> Tensor:
    """The films whose planes these are: the inverse of :func:`to_planes`."""
    for _ in range(levels):
        mean, right, down, cross = planes.chunk(4, dim=1)
        a, b = mean + right + down + cross, mean - right + down - cross
        c, d = mean + right - down - cross, mean - right - down + cross
        n, channels, height, width = mean.shape
        grid = torch.stack([a, b, c, d], dim=2).view(n, channels, 2, 2, height, width) / 2
        planes = grid.permute(0, 1, 4, 2, 5, 3).reshape(n, channels, 2 * height, 2 * width)
    return planes


def scale_of_planes(levels: int = LEVELS) -> Tensor:
    """What each plane is divided by before a network sees it (4**levels, 1, 1): the coarse mean is the largest.

    A plane of details of films is about 2**levels times smaller than the mean; without this a network would spend
    itself on the mean alone.
    """
    scale = torch.full((4**levels, 1, 1), 0.25)
    scale[0] = float(2**levels)
    return scale
