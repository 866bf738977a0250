"""The tiny model: a film's features become a few tokens' worth of prefix, a small transformer goes on in words."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Shape", "TinyVlm"]


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes
    ----------
    features : int
        Numbers that describe a film: the vector and the scores' logits.
    prefix : int
        Places of the sequence that the film takes.
    width, layers, heads : int
        Of the decoder.
    vocabulary, context : int
        Tokens known; longest sequence, prefix included.
    """

    features: int
    vocabulary: int
    prefix: int = 6
    width: int = 160
    layers: int = 4
    heads: int = 5
    context: int = 160
    dropout: float = 0.1


class _Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.before = nn.LayerNorm(shape.width)
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.between = nn.LayerNorm(shape.width)
        self.mlp = nn.Sequential(
            nn.Linear(shape.width, 4 * shape.width),
            nn.GELU(approximate="tanh"),
            nn.Linear(4 * shape.width, shape.width),
        )
        self.drop = nn.Dropout(shape.dropout)

    def forward(self, x: Tensor, past: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, T, D), keys and values so far (2, B, H, S, D/H), mask (T, S+T) added to the attention's logits."""
        batch, length, width = x.shape
        parts = self.qkv(self.before(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        kept = torch.cat([past, torch.stack([key, value])], dim=3)
        scores = query @ kept[0].transpose(-1, -2) / (width // self.heads) ** 0.5 + mask
        mixed = (scores.softmax(-1) @ kept[1]).transpose(1, 2).reshape(batch, length, width)
        x = x + self.drop(self.out(mixed))
        return x + self.drop(self.mlp(self.between(x))), kept


class TinyVlm(nn.Module):
    """Features and tokens in, the next token's logits out, with keys and values kept between calls.

    Parameters
    ----------
    shape : Shape
    mean, deviation : Tensor or None
        Of each feature over the training films; zeros and ones when None.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: Shape, mean: Tensor | None = None, deviation: Tensor | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.register_buffer("mean", torch.zeros(shape.features) if mean is None else mean)
        self.register_buffer("deviation", torch.ones(shape.features) if deviation is None else deviation)
        self.blur = nn.Dropout(0.2)
        self.project = nn.Sequential(
            nn.Linear(shape.features, 2 * shape.width),
            nn.GELU(approximate="tanh"),
            nn.Dropout(shape.dropout),
            nn.Linear(2 * shape.width, shape.prefix * shape.width),
        )
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.ModuleList(_Block(shape) for _ in range(shape.layers))
        self.last = nn.LayerNorm(shape.width)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)

    def look(self, features: Tensor) -> Tensor:
        """Features (B, F) -> prefix (B, P, D)."""
        seen = self.blur((features - self.mean) / self.deviation)
        prefix: Tensor = self.project(seen).view(-1, self.shape.prefix, self.shape.width)
        return prefix

    def forward(self, prefix: Tensor, ids: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """Go on.

        Parameters
        ----------
        prefix : Tensor (B, P, D)
            From :meth:`look` at first, with P = 0 afterwards.
        ids : Tensor (B, T)
        past : Tensor (layers, 2, B, H, S, D/H)
            S = 0 at first.

        Returns
        -------
        logits (B, P+T, vocabulary), past with S+P+T places
        """
        x = torch.cat([prefix, self.words(ids)], dim=1)
        total, before = x.shape[1], past.shape[4]
        at = torch.arange(total, device=x.device) + before
        x = x + self.places(at)
        later = torch.arange(before + total, device=x.device)[None, :] > at[:, None]
        mask = later.to(x.dtype) * -1e4
        kept = []
        for number, block in enumerate(self.blocks):
            x, keys = block(x, past[number], mask)
            kept.append(keys)
        return F.linear(self.last(x), self.words.weight), torch.stack(kept)

    def nothing(self, batch: int) -> Tensor:
        """The empty past of a batch."""
        shape = self.shape
        return torch.zeros(shape.layers, 2, batch, shape.heads, 0, shape.width // shape.heads)
