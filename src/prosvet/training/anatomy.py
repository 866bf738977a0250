"""Train the anatomy network: both lungs and the heart, from films with hand-drawn masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from prosvet.imaging.intensity import MEAN, STD
from prosvet.training.augment import geometric, photometric
from prosvet.training.data import load_masks
from prosvet.training.nets import AnatomyNet, LiteTrunk
from prosvet.training.runner import Schedule, run_steps

__all__ = ["AnatomyRecipe", "train_anatomy"]


@dataclass(frozen=True)
class AnatomyRecipe:
    """Everything that decides a run; `sizes` are the sides (pixels) that batches draw from."""

    images: int = 14_000
    batch: int = 16
    lr: float = 1.5e-3
    weight_decay: float = 0.02
    sizes: tuple[int, ...] = (192, 256, 256)
    ema: float = 0.99
    seed: int = 1


def _loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy plus one minus the soft Dice, averaged over planes."""
    entropy = F.binary_cross_entropy_with_logits(logits, masks)
    p = torch.sigmoid(logits)
    overlap = 2 * (p * masks).sum((2, 3)) + 1
    return entropy + 1 - (overlap / (p.sum((2, 3)) + masks.sum((2, 3)) + 1)).mean()


def train_anatomy(data: Path, out: Path, imagenet: str, recipe: AnatomyRecipe) -> Path:
    """Train on the rows of split ``train`` and write ``anatomy.pt`` to `out`; resumable."""
    films, masks, rows = load_masks(data)
    train = np.array([row["split"] == "train" for row in rows])
    source = np.array([row["source"] for row in rows])[train]
    pixels = torch.from_numpy(films[train]).unsqueeze(1)
    planes = torch.from_numpy(masks[train])
    chances = torch.tensor([1.0 / (source == name).sum() for name in source], dtype=torch.float64)
    torch.manual_seed(recipe.seed)
    net = AnatomyNet()
    state = net.trunk.state_dict()
    whole = LiteTrunk(7)
    whole.load_imagenet(imagenet)
    net.trunk.load_state_dict({k: v for k, v in whole.state_dict().items() if k in state})
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        chosen = torch.multinomial(chances, recipe.batch, replacement=True, generator=generator)
        size = recipe.sizes[int(torch.randint(len(recipe.sizes), (1,), generator=generator))]
        raw, drawn = pixels[chosen].float() / 255, planes[chosen].float()
        images, half = geometric(raw, size, generator, masks=drawn, turn=15, zoom=(0.7, 1.25), shift=0.12, flip=False)
        if half is None:
            raise ValueError("masks were given, so they come back")
        images = (photometric(images, generator) - MEAN) / STD
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = net(images.contiguous(memory_format=torch.channels_last))
        return _loss(logits.float(), half)

    steps = recipe.images // recipe.batch
    return run_steps(
        net,
        loss_of,
        Schedule(steps, recipe.batch, recipe.lr, recipe.weight_decay, recipe.ema, recipe.seed),
        out,
        "anatomy",
    )
