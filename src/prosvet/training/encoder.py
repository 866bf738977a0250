"""Train the compact finding network: masked labels, sources balanced, weights averaged, resumable.

The recipe in words: start from ImageNet; sources drawn by the root of their size, NIH, the only one that speaks of
every finding, more often; a masked binary cross-entropy in which an absent label is unknown; half weight on a
published teacher's soft answers where they exist; augmentation against the source's own look; an exponential moving
average of the weights is what is kept. Heavier hands were tried and did worse: see ``docs/guide/train.md``.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from prosvet.imaging.intensity import MEAN, STD
from prosvet.training.augment import geometric, photometric
from prosvet.training.data import FINDINGS, Films, label_matrix, load_films, load_teacher
from prosvet.training.nets import FindingNet
from prosvet.training.runner import Schedule, run_steps

__all__ = ["NIH_WEIGHT", "EncoderRecipe", "nih_dev", "sampling_weights", "squares", "train_encoder"]


NIH_WEIGHT = 2.2
"""How many times more often than by its source's size an NIH film is drawn: NIH alone speaks of all findings."""


@dataclass(frozen=True)
class EncoderRecipe:
    """Everything that decides a run.

    Attributes
    ----------
    images : int
        Films seen in all.
    sizes : tuple of int
        Sides (pixels) that batches draw from.
    strength : float
        Of the changes in tone, shading and noise; 1 is hard.
    nih : float
        See :data:`NIH_WEIGHT`.
    holdout : str
        A source left out whole, for the leave-one-source-out table; empty for none.
    nih_dev : float
        Share of NIH patients kept out, for choosing recipes and for calibration.
    """

    images: int = 30_000
    batch: int = 32
    lr: float = 1e-3
    weight_decay: float = 0.03
    sizes: tuple[int, ...] = (224,)
    ema: float = 0.998
    strength: float = 0.6
    nih: float = NIH_WEIGHT
    seed: int = 1
    holdout: str = ""
    nih_dev: float = 0.0


def nih_dev(films: Films, share: float) -> NDArray[np.bool_]:
    """NIH films (N,) of the patients that a run with ``nih_dev=share`` never sees; the same for every run."""
    chosen = [
        row["source"].startswith("nih") and zlib.crc32(row["patient"].encode()) % 1000 < 1000 * share
        for row in films.rows
    ]
    return np.array(chosen)


def sampling_weights(films: Films, nih: float = NIH_WEIGHT) -> NDArray[np.float64]:
    """Chance of each film (N,): a source by the root of its size (NIH times `nih`), its films alike."""
    source = films.column("source")
    weights = np.zeros(len(source))
    for name in np.unique(source):
        inside = source == name
        weights[inside] = (nih if name.startswith("nih") else 1.0) / math.sqrt(inside.sum())
    chances: NDArray[np.float64] = weights / weights.sum()
    return chances


def _targets(data: Path, films: Films) -> tuple[Tensor, Tensor]:
    labels, weights = label_matrix(films.rows)
    soft, given = load_teacher(data, films.rows)
    eps = 1e-4
    for column in range(len(FINDINGS)):
        cells = given[:, column]
        if not cells.any():
            continue
        # The teacher speaks at its own prevalence; shift its logits to ours before mixing half and half.
        logit = np.log(np.clip(soft[cells, column], eps, 1 - eps) / np.clip(1 - soft[cells, column], eps, 1))
        rate = np.clip(labels[cells, column].mean(), 0.02, 0.98)
        shifted = 1 / (1 + np.exp(-(logit - np.median(logit) + math.log(rate / (1 - rate)))))
        labels[cells, column] = 0.5 * labels[cells, column] + 0.5 * shifted
        weights[cells, column] = np.maximum(weights[cells, column], 1.0)
    return torch.from_numpy(labels), torch.from_numpy(weights)


def _batch(
    films: Films,
    targets: tuple[Tensor, Tensor],
    chosen: NDArray[np.int64],
    size: int,
    recipe: EncoderRecipe,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    raw = torch.from_numpy(films.pixels[chosen]).unsqueeze(1).float() / 255
    images, _ = geometric(raw, size, generator)
    images = photometric(images, generator, strength=recipe.strength)
    return (images - MEAN) / STD, targets[0][chosen], targets[1][chosen]


def train_encoder(
    data: Path,
    out: Path,
    imagenet: str,
    recipe: EncoderRecipe,
    *,
    cache: Path | None = None,
    init: Path | None = None,
    films: Films | None = None,
    device: str = "cpu",
) -> Path:
    """Train and write ``encoder.pt`` (averaged weights) to `out`, starting from ImageNet or from `init`.

    With `films` it learns from these instead of all films of `train`, by the same labels. Stopping and starting
    again with the same recipe goes on from the last checkpoint.
    """
    films = load_films(data, ("train",), cache) if films is None else films
    if recipe.holdout:
        films = films.where(~np.char.startswith(films.column("source"), recipe.holdout))
    if recipe.nih_dev:
        films = films.where(~nih_dev(films, recipe.nih_dev))
    targets = _targets(data, films)
    chances = sampling_weights(films, recipe.nih)
    out.mkdir(parents=True, exist_ok=True)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1))

    torch.manual_seed(recipe.seed)
    net = FindingNet(len(FINDINGS))
    net.trunk.load_imagenet(imagenet)
    if init is not None:
        net.load_state_dict(torch.load(init, map_location="cpu", weights_only=True))
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    total = recipe.images // recipe.batch

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        drawer = np.random.default_rng((recipe.seed, step))
        chosen = drawer.choice(len(chances), recipe.batch, p=chances)
        size = int(drawer.choice(recipe.sizes))
        images, labels, weights = _batch(films, targets, chosen, size, recipe, generator)
        with torch.autocast(device, dtype=torch.bfloat16):
            logits = net(images.to(device).contiguous(memory_format=torch.channels_last))[0]
        per_cell = F.binary_cross_entropy_with_logits(logits.float(), labels.to(device), reduction="none")
        return (per_cell * weights.to(device)).sum() / weights.sum().clamp(min=1.0)

    schedule = Schedule(total, recipe.batch, recipe.lr, recipe.weight_decay, recipe.ema, recipe.seed)
    return run_steps(net, loss_of, schedule, out, "encoder")


def squares(pixels: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """Prepared films (N, 256, 256) as standardised squares (N, 1, size, size)."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).unsqueeze(1).float() / 255
    if size != x.shape[-1]:
        x = F.interpolate(x, (size, size), mode="bilinear", antialias=True)
    standard: NDArray[np.float32] = ((x - MEAN) / STD).numpy()
    return standard
