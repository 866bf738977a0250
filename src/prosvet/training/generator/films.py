"""The films that the generator learns from, and what is known of each."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from prosvet.training.augment import geometric
from prosvet.training.data import Films, load_films

__all__ = ["batch_of", "generator_films", "judge_films"]

_PARTS = 4  # one patient in four is kept from the generator: the judges of its work learn from these


def _kept_back(films: Films) -> NDArray[np.bool_]:
    def part(row: dict[str, str]) -> int:
        patient = f"{row['source']}/{row['patient'] or row['id']}"
        return int.from_bytes(hashlib.sha256(patient.encode()).digest()[:4], "big") % _PARTS

    return np.array([part(row) == 0 for row in films.rows])


def generator_films(data: Path, cache: Path | None = None) -> Films:
    """Training films of three patients in four."""
    films = load_films(data, ("train",), cache)
    return films.where(~_kept_back(films))


def judge_films(data: Path, cache: Path | None = None) -> Films:
    """Training films that the generator has not seen, of the remaining patients."""
    films = load_films(data, ("train",), cache)
    return films.where(_kept_back(films))


def batch_of(pixels: Tensor, count: int | None, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """`count` films drawn at random (None: each once) as (count, 1, 256, 256) in 0..1, a little moved, and their rows.

    They are turned, zoomed and shifted slightly and never mirrored: the heart lies on the left.
    """
    every = torch.arange(len(pixels))
    rows = every if count is None else torch.randint(len(pixels), (count,), generator=generator)
    films = pixels[rows].unsqueeze(1).float() / 255
    moved, _ = geometric(
        films, films.shape[-1], generator, turn=3.0, zoom=(0.94, 1.04), stretch=0.06, shift=0.02, flip=False
    )
    return moved.clamp(0, 1), rows
