"""Masked modelling: blocks of a picture are covered, the encoder's tokens there must tell their pixels (SimMIM)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from prosvet.core.context import Context
from prosvet.models.backends.chain_eyes import SiglipSight, open_eyes
from prosvet.training.vlm.chain.listing import read_listing
from prosvet.training.vlm.chain.loop import once, run_loop
from prosvet.training.vlm.chain.recipe import Masked, digest

__all__ = ["Covered", "blocks", "train_masked"]

_EPS = 1e-6


class Covered(nn.Module):
    """A vision tower, a token that stands for what is covered, and a linear guess of the pixels.

    The target is each patch with its own mean taken away and divided by its own deviation (He et al., 2022): else the
    easiest way to a small loss is to guess how bright a film is.
    """

    def __init__(self, sight: SiglipSight) -> None:
        super().__init__()
        self.tower = sight.tower.requires_grad_(True)
        config = sight.tower.config
        self.patch = int(config.patch_size)
        self.covered = nn.Parameter(torch.randn(config.hidden_size) * 0.02)
        self.guess = nn.Linear(config.hidden_size, config.num_channels * self.patch**2)

    def forward(self, pictures: Tensor, covered: Tensor) -> Tensor:
        """Mean absolute error over covered patches; pictures (N, C, S, S), covered (N, P) bool."""
        embeddings = self.tower.embeddings
        x = embeddings.patch_embedding(pictures).flatten(2).transpose(1, 2)
        x = torch.where(covered[..., None], self.covered.to(x.dtype), x)
        x = x + embeddings.position_embedding(embeddings.position_ids)
        seen = self.tower.post_layernorm(self.tower.encoder(inputs_embeds=x).last_hidden_state)
        loss: Tensor = (self.guess(seen[covered]) - self._pixels(pictures)[covered]).abs().mean()
        return loss

    def _pixels(self, pictures: Tensor) -> Tensor:
        patches = nn.functional.unfold(pictures, self.patch, stride=self.patch).transpose(1, 2)
        mean, deviation = patches.mean(-1, keepdim=True), patches.std(-1, keepdim=True)
        return (patches - mean) / (deviation + _EPS)


def blocks(count: int, side: int, block: int, share: float, generator: torch.Generator) -> Tensor:
    """Which patches of `count` pictures of side x side patches are covered (count, side * side), in square blocks.

    Examples
    --------
    >>> covered = blocks(1, 4, 2, 0.5, torch.Generator().manual_seed(0))
    >>> int(covered.sum())
    8
    """
    coarse = -(-side // block)
    order = torch.rand(count, coarse * coarse, generator=generator).argsort(1)
    chosen = (order < round(share * coarse * coarse)).view(count, coarse, coarse)
    fine = chosen.repeat_interleave(block, 1).repeat_interleave(block, 2)[:, :side, :side]
    return fine.reshape(count, -1)


def train_masked(recipe: Masked, out: Path, context: Context) -> list[float]:
    """Train on the pictures of the listing's ``train`` part; the tower is written to ``out/encoder``.

    Raises
    ------
    NotFound, InvalidRecord, TuningError, VlmError
        For the data or the encoder of the recipe.
    """
    sight = open_eyes("siglip", recipe.encoder, context.settings.threads)
    if not isinstance(sight, SiglipSight):
        raise TypeError("a SigLIP was asked for")
    samples = read_listing(recipe.data, "train", context.settings)
    torch.manual_seed(recipe.loop.seed)
    model, side = Covered(sight), round(sight.places**0.5)

    def draw(generator: torch.Generator) -> dict[str, Tensor]:
        chosen = torch.randint(len(samples), (recipe.loop.batch,), generator=generator).tolist()
        drawn = [samples[index].pictures for index in chosen]
        which = torch.rand(len(drawn), generator=generator)
        one = [pictures[int(at * len(pictures))] for pictures, at in zip(drawn, which.tolist(), strict=True)]
        covered = blocks(len(one), side, recipe.block, recipe.share, generator)
        return {"pictures": sight.prepare(one), "covered": covered}

    losses = run_loop(model, draw, recipe.loop, out, digest(recipe, recipe.encoder, recipe.data))
    once(lambda: model.tower.save_pretrained(out / "encoder"))
    return losses
