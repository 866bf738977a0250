"""Drawn chests: a body, two dark lungs, a heart, ribs and vessels at random, no two alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from prosvet.evaluation.synthesis.films import SIDE, Known, Shots

__all__ = ["changed", "chest", "shots"]


def chest(seed: int, heart: float = 1.0) -> NDArray[np.uint8]:
    """One drawn film (256, 256)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    x, y = x + random.normal(0, 0.015), y + random.normal(0, 0.015)

    def ellipse(across: float, down: float, wide: float, tall: float) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(60 * (np.hypot((x - across) / wide, (y - down) / tall) - 1)))

    film = 0.25 + 0.55 * ellipse(0.5, 0.6, 0.46, 0.62)
    for across in (0.3, 0.7):
        film -= 0.5 * ellipse(across, 0.47, random.uniform(0.13, 0.16), random.uniform(0.27, 0.32))
    film += 0.3 * ellipse(0.54, 0.6, 0.14 * heart, 0.15) + 0.2 * ellipse(0.5, 0.45, 0.05, 0.5)
    film += 0.05 * np.sin(2 * np.pi * (y * random.uniform(11, 15) + 2 * (x - 0.5) ** 2 + random.random()))
    film += 0.9 * ndimage.gaussian_filter(random.normal(0, 1, film.shape), 4)
    return (255 * np.clip(film, 0, 1)).astype(np.uint8)


def shots(seeds: range, present: tuple[str, ...] = ("normal",), source: str = "nih") -> Shots:
    """Drawn films, each of a patient of its own."""
    known = tuple(Known(f"film{n}", f"patient{n}", source, frozenset(present)) for n in seeds)
    return Shots(np.stack([chest(n) for n in seeds]), known)


def changed(film: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """A copy that tries to hide: contrast, mirror, shift, noise."""
    grey = (film / 255.0) ** random.uniform(0.75, 1.35) * random.uniform(0.85, 1.0)
    grey = grey[:, ::-1] if random.random() < 0.5 else grey
    grey = ndimage.shift(grey, random.integers(-9, 10, 2), mode="nearest") + random.normal(0, 0.03, grey.shape)
    return (255 * np.clip(grey, 0, 1)).astype(np.uint8)
