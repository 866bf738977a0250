"""Train the gate network: chest X-ray or not, lateral, inverted, rotated.

Inversion and rotation are made from frontal films, so their labels are exact. Films that are not chest X-rays are
few; CT and MR slices and other body parts are joined by photographs from a folder, by films cut into shuffled
tiles, by deep crops and by drawn patterns, so that the gate learns what a chest looks like rather than what a CT
does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from prosvet.imaging.intensity import MEAN, STD
from prosvet.training.augment import geometric, photometric
from prosvet.training.data import SIDE, load_films, prepare
from prosvet.training.encoder import sampling_weights
from prosvet.training.nets import GateNet, LiteTrunk
from prosvet.training.runner import Schedule, run_steps

__all__ = ["GateRecipe", "kept_out", "train_gates"]


@dataclass(frozen=True)
class GateRecipe:
    """Everything that decides a run."""

    images: int = 40_000
    batch: int = 64
    size: int = 128
    lr: float = 1e-3
    weight_decay: float = 0.02
    ema: float = 0.99
    seed: int = 1


def kept_out(patients: NDArray[np.str_], share: float = 0.3) -> NDArray[np.bool_]:
    """Every so-manyeth patient, in sorted order, for measuring: (N,) True where kept out of training."""
    names = np.unique(patients)
    chosen = names[:: max(1, round(1 / share))]
    return np.isin(patients, chosen)


def read_photographs(folders: Sequence[Path]) -> NDArray[np.uint8]:
    """Every readable picture below `folders`, grey and prepared: (N, 256, 256)."""
    found = []
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".png", ".jpg", ".jpeg"}):
            with Image.open(path) as picture:
                if min(picture.size) >= 96:
                    found.append(np.round(prepare(np.asarray(picture.convert("L"), dtype=np.float32)) * 255))
    return np.array(found, dtype=np.uint8).reshape(-1, SIDE, SIDE)


def _shuffled(images: Tensor, generator: torch.Generator) -> Tensor:
    """Films cut into 4x4 or 2x2 tiles and put together in another order: chest texture without a chest."""
    cut = 2 if torch.rand(1, generator=generator).item() < 0.4 else 4
    count, _, side, _ = images.shape
    tile = side // cut
    tiles = (
        images.view(count, 1, cut, tile, cut, tile).permute(0, 2, 4, 1, 3, 5).reshape(count, cut * cut, 1, tile, tile)
    )
    order = torch.rand(count, cut * cut, generator=generator).argsort(1)
    tiles = torch.gather(tiles, 1, order[:, :, None, None, None].expand_as(tiles))
    return tiles.view(count, cut, cut, 1, tile, tile).permute(0, 3, 1, 4, 2, 5).reshape(count, 1, side, side)


def _patterns(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Smooth fields, noise, bars and rings: scanner faults, test images, documents."""
    out = torch.zeros(count, 1, size, size)
    y, x = torch.meshgrid(torch.linspace(-1, 1, size), torch.linspace(-1, 1, size), indexing="ij")
    for number in range(count):
        kind = int(torch.randint(5, (1,), generator=generator))
        a, b, c = (torch.rand(3, generator=generator) * 2 - 1).tolist()
        cells = int(torch.randint(2, 24, (1,), generator=generator))
        if kind == 0:
            out[number] = F.interpolate(
                torch.rand(1, 1, cells, cells, generator=generator), (size, size), mode="bicubic"
            )[0]
        elif kind == 1:
            out[number] = torch.rand(1, size, size, generator=generator) * (0.3 + abs(a)) + 0.3 * b
        elif kind == 2:
            out[number] = 0.5 + 0.5 * torch.sin((a * x + b * y) * 40 * abs(c) + 6)
        elif kind == 3:
            out[number] = (((x - 0.5 * a) ** 2 + (y - 0.5 * b) ** 2).sqrt() < 0.2 + 0.6 * abs(c)).float()
        else:  # lines of "text" on a page
            rows = torch.rand(1, size // 4, size // 2, generator=generator) > 0.5
            page = F.interpolate(rows[None].float(), (size, size), mode="nearest")[0]
            page[:, (torch.arange(size) // 4) % 2 == 0] = 1.0
            out[number] = page
    return out.clamp(0, 1)


def _turned(images: Tensor, quarter: Tensor) -> Tensor:
    return torch.stack([torch.rot90(image, int(k), (1, 2)) for image, k in zip(images, quarter, strict=True)])


def _loss(logits: Tensor, frontal: int, lateral: int, negative: Tensor, quarter: Tensor) -> Tensor:
    """All gates at once, for a batch whose first films are frontal, the next lateral and the rest no chest X-rays.

    Inversion and rotation are asked of chest X-rays alone: elsewhere they mean nothing.
    """
    rays = slice(0, frontal + lateral)
    is_chest, is_lateral = torch.zeros(len(logits)), torch.zeros(frontal + lateral)
    is_chest[rays], is_lateral[frontal:] = 1.0, 1.0
    binary = F.binary_cross_entropy_with_logits
    return (
        binary(logits[:, 0], is_chest)
        + binary(logits[rays, 1], is_lateral)
        + binary(logits[rays, 2], negative[rays])
        + F.cross_entropy(logits[rays, 3:], quarter[rays])
    )


def train_gates(
    data: Path,
    out: Path,
    imagenet: str,
    recipe: GateRecipe,
    *,
    photographs: Sequence[Path] = (),
    cache: Path | None = None,
) -> Path:
    """Train and write ``gates.pt`` to `out`; resumable. `photographs` are folders of ordinary pictures."""
    films = load_films(data, ("train",), cache)
    chances = torch.from_numpy(sampling_weights(films))
    frontal = torch.from_numpy(films.pixels).unsqueeze(1)
    side_films, other_films = load_films(data, ("lateral",)), load_films(data, ("not_cxr",))
    lateral = torch.from_numpy(side_films.where(~kept_out(side_films.column("patient"))).pixels).unsqueeze(1)
    known_other = other_films.where(~kept_out(other_films.column("patient"))).pixels
    photos = read_photographs(photographs)
    other = torch.from_numpy(np.concatenate([known_other, photos])).unsqueeze(1)
    torch.manual_seed(recipe.seed)
    net = GateNet()
    whole = LiteTrunk(7)
    whole.load_imagenet(imagenet)
    mine = net.trunk.state_dict()
    net.trunk.load_state_dict({k: v for k, v in whole.state_dict().items() if k in mine})
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    parts = {"frontal": recipe.batch * 5 // 8, "lateral": recipe.batch // 8, "other": recipe.batch // 8}
    parts["made"] = recipe.batch - sum(parts.values())

    def pick(pool: Tensor, count: int, generator: torch.Generator) -> Tensor:
        return pool[torch.randint(len(pool), (count,), generator=generator)].float() / 255

    def loss_of(step: int, generator: torch.Generator) -> Tensor:
        n = parts["frontal"]
        chest = frontal[torch.multinomial(chances, n + parts["made"], generator=generator)].float() / 255
        made = torch.cat(
            [
                _shuffled(chest[n : n + parts["made"] // 2], generator),
                _patterns(parts["made"] - parts["made"] // 2, SIDE, generator),
            ]
        )
        side, strange = pick(lateral, parts["lateral"], generator), pick(other, parts["other"], generator)
        images, _ = geometric(
            torch.cat([chest[:n], side, strange, made]), recipe.size, generator, zoom=(0.65, 1.15), shift=0.1
        )
        images = photometric(images, generator)
        quarter = torch.randint(4, (len(images),), generator=generator)
        # Half of the films stand as they should: that is how they mostly come.
        quarter = torch.where(torch.rand(len(images), generator=generator) < 0.4, 0, quarter)
        negative = torch.rand(len(images), generator=generator) < 0.4
        images = torch.where(negative.view(-1, 1, 1, 1), 1 - images, images)
        images = (_turned(images, quarter) - MEAN) / STD
        logits = net(images.contiguous(memory_format=torch.channels_last))
        return _loss(logits, n, parts["lateral"], negative.float(), quarter)

    steps = recipe.images // recipe.batch
    return run_steps(
        net,
        loss_of,
        Schedule(steps, recipe.batch, recipe.lr, recipe.weight_decay, recipe.ema, recipe.seed),
        out,
        "gates",
    )
