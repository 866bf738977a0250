"""Prompts for SDXL's two text encoders, their weights on the embeddings, longer prompts in several windows.

A word of weight w counts as the empty prompt's embedding at its place and w times what the word changes there: 1 leaves
it as it is, 0 leaves nothing of it. The pooled vector, one for the whole prompt, is that of the unweighted words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from prosvet.synthesis.prompt import Clause

__all__ = ["both", "embedded"]

Piece = tuple[int, float]


def both(pipe: Any, prompt: Sequence[Clause], negative: Sequence[Clause]) -> dict[str, Tensor]:
    """Embeddings of a prompt and of what to lead away from, as the pipeline's own arguments, of one length."""
    windows = max(_windows(pipe, prompt), _windows(pipe, negative))
    hidden, pooled = embedded(pipe, prompt, windows)
    if not negative and pipe.config.force_zeros_for_empty_prompt:
        away, away_pooled = torch.zeros_like(hidden), torch.zeros_like(pooled)
    else:
        away, away_pooled = embedded(pipe, negative, windows)
    return {
        "prompt_embeds": hidden, "pooled_prompt_embeds": pooled,
        "negative_prompt_embeds": away, "negative_pooled_prompt_embeds": away_pooled,
    }  # fmt: skip


@torch.no_grad()
def embedded(pipe: Any, clauses: Sequence[Clause], windows: int | None = None) -> tuple[Tensor, Tensor]:
    """Embeddings (1, 77 * windows, width of both encoders) and the pooled vector (1, width of the second)."""
    windows = windows or _windows(pipe, clauses)
    parts: list[Tensor] = []
    pooled = torch.empty(0)
    for tokenizer, encoder in _pairs(pipe):
        rows = _filled(_pieces(tokenizer, clauses), tokenizer, windows)
        ids = torch.tensor([[piece for piece, _ in row] for row in rows], device=encoder.device)
        weights = torch.tensor([[weight for _, weight in row] for row in rows], device=encoder.device)
        said = encoder(ids, output_hidden_states=True)
        hidden, pooled = said.hidden_states[-2], said[0][:1]
        if bool((weights != 1).any()):
            empty = _filled([], tokenizer, 1)
            ids = torch.tensor([[piece for piece, _ in row] for row in empty], device=encoder.device)
            silent = encoder(ids, output_hidden_states=True).hidden_states[-2]
            hidden = silent + weights[..., None].to(hidden.dtype) * (hidden - silent)
        parts.append(hidden.reshape(1, -1, hidden.shape[-1]))
    return torch.cat(parts, dim=-1), pooled


def _pairs(pipe: Any) -> list[tuple[Any, Any]]:
    return [(pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2)]


def _windows(pipe: Any, clauses: Sequence[Clause]) -> int:
    room = int(pipe.tokenizer.model_max_length) - 2
    longest = max(len(_pieces(tokenizer, clauses)) for tokenizer, _ in _pairs(pipe))
    return max(1, -(-longest // room))


def _pieces(tokenizer: Any, clauses: Sequence[Clause]) -> list[Piece]:
    """Tokens of all clauses without the marks of begin and end, each with its weight."""
    return [
        (piece, clause.weight)
        for clause in clauses
        for piece in tokenizer(clause.text, add_special_tokens=False, truncation=False, verbose=False).input_ids
    ]


def _filled(pieces: Sequence[Piece], tokenizer: Any, windows: int) -> list[list[Piece]]:
    """Windows of the encoder's length: begin, pieces, end, padding; the marks weigh 1."""
    length = tokenizer.model_max_length
    rows = []
    for at in range(windows):
        row = [(tokenizer.bos_token_id, 1.0), *pieces[at * (length - 2) : (at + 1) * (length - 2)]]
        row.append((tokenizer.eos_token_id, 1.0))
        rows.append(row + [(tokenizer.pad_token_id, 1.0)] * (length - len(row)))
    return rows
