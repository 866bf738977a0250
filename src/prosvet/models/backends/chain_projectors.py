"""From what an encoder sees to what a language model reads: linear, two layers, or a resampler with fixed places."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from prosvet.models.backends.chain_parts import ProjectorShape

__all__ = ["Resampler", "make_projector"]


class Resampler(nn.Module):
    """A few learned queries that look at all patches (Alayrac et al., 2022), so that a picture takes few places.

    Parameters
    ----------
    seen, read : int
        Width of the encoder's tokens and of the language model's.
    """

    def __init__(self, seen: int, read: int, shape: ProjectorShape) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(shape.tokens, read) * 0.02)
        self.enter = nn.Linear(seen, read)
        self.layers = nn.ModuleList(
            nn.TransformerDecoderLayer(
                read, shape.heads, 4 * read, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(shape.layers)
        )
        self.leave = nn.LayerNorm(read)

    def forward(self, seen: Tensor) -> Tensor:
        """Tokens (N, P, seen) -> (N, tokens, read)."""
        held, x = self.enter(seen), self.queries.expand(len(seen), -1, -1)
        for layer in self.layers:
            x = layer(x, held)
        out: Tensor = self.leave(x)
        return out


def make_projector(shape: ProjectorShape, seen: int, read: int) -> nn.Module:
    """The projector of a recipe; each starts with normalised tokens, whatever the encoder's scale.

    Raises
    ------
    ValueError
        When the language model's width cannot be divided among the resampler's heads.
    """
    if shape.kind == "linear":
        return nn.Sequential(nn.LayerNorm(seen), nn.Linear(seen, read))
    if shape.kind == "mlp":
        return nn.Sequential(nn.LayerNorm(seen), nn.Linear(seen, read), nn.GELU(), nn.Linear(read, read))
    if read % shape.heads:
        raise ValueError(f"a width of {read} cannot be divided among {shape.heads} heads")
    return nn.Sequential(nn.LayerNorm(seen), Resampler(seen, read, shape))
