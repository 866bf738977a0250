"""The two stages: the projector learns with both models frozen; then adapters in the language model learn with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from prosvet.core.context import Context
from prosvet.models.backends.chain_net import Chained
from prosvet.models.vlm.card import Load
from prosvet.training.vlm.cards import CARD, chain_card, write_card
from prosvet.training.vlm.chain.chained import Words, open_chain, save_chained
from prosvet.training.vlm.chain.listing import Samples, read_listing
from prosvet.training.vlm.chain.loop import BatchOf, once, run_loop
from prosvet.training.vlm.chain.recipe import ProjectorRecipe, digest
from prosvet.training.vlm.load import with_adapter

__all__ = ["Stages", "train_projector"]

_MOST = 16  # pictures of one study, as a listing allows
_DEV = 64  # studies on which the loss is told before and after


@dataclass(frozen=True)
class Stages:
    """Where the result lies, the losses of the stages, and the mean loss on the dev part before, between and after."""

    folder: Path
    first: list[float]
    second: list[float]
    dev: tuple[float, float, float]
    trained: tuple[int, int]


def train_projector(recipe: ProjectorRecipe, out: Path, context: Context) -> Stages:
    """Both stages; each goes on from its last checkpoint in `out`.

    Raises
    ------
    NotFound, InvalidRecord, TuningError, VlmError
        For the data or the models of the recipe.
    """
    model, words = open_chain(recipe, context.settings.threads)
    train = read_listing(recipe.data, "train", context.settings)
    dev = read_listing(recipe.data, "dev", context.settings)
    eyes = (recipe.eyes.path,) if recipe.eyes.path else ()
    run = digest(recipe, recipe.data, recipe.language.path, *eyes)
    before = _dev_loss(model, words, dev)
    model.projector.requires_grad_(True)
    trained_first = _count(model)
    first = run_loop(model, _batches(model, words, train, recipe.first.batch), recipe.first, out / "first", run)
    between = _dev_loss(model, words, dev)
    model.language, _ = with_adapter(model.language, recipe.lora, recipe.second.seed)
    model.projector.requires_grad_(True)
    trained_second = _count(model)
    second = run_loop(model, _batches(model, words, train, recipe.second.batch), recipe.second, out / "second", run)
    once(lambda: _keep(model, recipe, out))
    after = _dev_loss(model, words, dev)
    return Stages(out / "chained", first, second, (before, between, after), (trained_first, trained_second))


def _keep(model: Chained, recipe: ProjectorRecipe, out: Path) -> None:
    """The chain in one folder, and the card with which the door opens it."""
    save_chained(model, recipe, out / "chained")
    load = Load(dtype=recipe.language.dtype)
    write_card(chain_card(recipe.name, out / "chained", recipe.instruction, load, _MOST), out / CARD)


def _batches(model: Chained, words: Words, samples: Samples, size: int) -> BatchOf:
    def draw(generator: torch.Generator) -> dict[str, Tensor]:
        chosen = torch.randint(len(samples), (size,), generator=generator).tolist()
        return _batch(model, words, samples, chosen)

    return draw


def _batch(model: Chained, words: Words, samples: Samples, chosen: list[int]) -> dict[str, Tensor]:
    drawn = [samples[index] for index in chosen]
    pictures = model.eyes.prepare([picture for sample in drawn for picture in sample.pictures])
    return {"pictures": pictures, **words.batch(drawn)}


@torch.no_grad()
def _dev_loss(model: Chained, words: Words, samples: Samples) -> float:
    model.eval()
    device = next(model.projector.parameters()).device
    losses = []
    for index in range(min(len(samples), _DEV)):
        batch = _batch(model, words, samples, [index])
        losses.append(float(model(**{name: tensor.to(device) for name, tensor in batch.items()})))
    return sum(losses) / len(losses)


def _count(model: Chained) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
