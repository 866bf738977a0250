"""A text encoder tuned so that texts which say the same lie together in either language; measured before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.i18n import Lang
from prosvet.core.optional import require
from prosvet.core.types import Side
from prosvet.models.backends.strict import load_strictly
from prosvet.models.findings import FINDINGS
from prosvet.models.vlm.card import Load
from prosvet.training.vlm.chain.loop import once, run_loop
from prosvet.training.vlm.chain.recipe import Contrastive, digest
from prosvet.training.vlm.chain.states import State, named, report, split, statement, states

__all__ = ["Contrast", "Retrieval", "first_hits", "frozen_pairs", "train_contrastive"]

_WORDINGS = 6
_FROZEN_WORDING = 1000  # a seed that training never draws
_BATCH = 64


@dataclass(frozen=True)
class Retrieval:
    """Of each frozen text, how often the one that says the same came first among all, and the mean reciprocal rank."""

    first: float
    mrr: float
    n: int
    hits: tuple[bool, ...]


class Contrast(nn.Module):
    """Mean of an encoder's tokens as a text's unit vector; the loss is symmetric cross-entropy over a batch."""

    def __init__(self, encoder: Any, tokenizer: Any, recipe: Contrastive) -> None:
        super().__init__()
        self.encoder, self._tokenizer, self._recipe = encoder, tokenizer, recipe

    def tokens(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Ids and mask (N, T)."""
        made = self._tokenizer(list(texts), padding=True, truncation=True, max_length=self._recipe.longest,
                               return_tensors="pt")  # fmt: skip
        return made["input_ids"], made["attention_mask"]

    def vectors(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Unit vectors (N, D)."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return F.normalize(mean, dim=1)

    def forward(self, ids: Tensor, mask: Tensor, other_ids: Tensor, other_mask: Tensor) -> Tensor:
        """The loss of texts and what says the same, row for row."""
        logits = self.vectors(ids, mask) @ self.vectors(other_ids, other_mask).T / self._recipe.temperature
        right = torch.arange(len(ids), device=ids.device)
        return (F.cross_entropy(logits, right) + F.cross_entropy(logits.T, right)) / 2

    @torch.no_grad()
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of many texts, without training."""
        self.eval()
        device = next(self.parameters()).device
        parts = []
        for start in range(0, len(texts), _BATCH):
            ids, mask = self.tokens(texts[start : start + _BATCH])
            parts.append(self.vectors(ids.to(device), mask.to(device)).cpu().numpy())
        return np.concatenate(parts)


def frozen_pairs(recipe: Contrastive) -> dict[str, tuple[list[str], list[str]]]:
    """Frozen texts to look for and to be found, by kind: Russian to English, its reverse, names to sentences."""
    _, held = split(states(recipe.states, recipe.loop.seed))
    russian, english = ([report(state, lang, _FROZEN_WORDING) for state in held] for lang in _LANGS)
    kept = sorted({(r, e) for r, e in zip(russian, english, strict=True)})
    unique = [pair for pair in kept if sum(pair[0] == o[0] or pair[1] == o[1] for o in kept) == 1]
    pairs = {"ru_en": ([r for r, _ in unique], [e for _, e in unique])}
    pairs["en_ru"] = (pairs["ru_en"][1], pairs["ru_en"][0])
    if "finding" in recipe.pairs:
        named_ones = _findings()
        names = [named(concept, side, "ru") for concept, side in named_ones]
        pairs["name_sentence"] = (names, [statement(c, s, "ru", _FROZEN_WORDING) for c, s in named_ones])
    return pairs


def first_hits(asked: NDArray[np.floating], found: NDArray[np.floating]) -> Retrieval:
    """Retrieval of row n of `found` by row n of `asked`, by cosine; a tie counts as the worse rank."""
    scores = asked @ found.T
    right = np.diag(scores)[:, None]
    rank = (scores >= right - 1e-7).sum(1)
    return Retrieval(float((rank == 1).mean()), float((1 / rank).mean()), len(rank), tuple((rank == 1).tolist()))


def train_contrastive(recipe: Contrastive, out: Path, context: Context) -> dict[str, dict[str, Retrieval]]:
    """Tune, write the encoder to ``out/encoder``, and tell retrieval on frozen texts before and after, by kind.

    Raises
    ------
    NotFound, TuningError, VlmError
        For the encoder of the recipe or the folder of the run.
    """
    if not (recipe.encoder / "config.json").is_file():
        raise NotFound(kind="model", name=str(recipe.encoder))
    transformers = require("transformers", "vlm")
    encoder = load_strictly(recipe.encoder.name, transformers.AutoModel, recipe.encoder, Load(device="cpu"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(recipe.encoder, local_files_only=True)
    model = Contrast(encoder.requires_grad_(True), tokenizer, recipe)
    held = frozen_pairs(recipe)
    before = _measured(model, held)
    learned, _ = split(states(recipe.states, recipe.loop.seed))

    def draw(generator: torch.Generator) -> dict[str, Tensor]:
        pairs = _drawn(recipe, learned, generator)
        (ids, mask), (other, others) = (model.tokens([pair[side] for pair in pairs]) for side in (0, 1))
        return {"ids": ids, "mask": mask, "other_ids": other, "other_mask": others}

    run_loop(model, draw, recipe.loop, out, digest(recipe, recipe.encoder))
    once(lambda: [part.save_pretrained(out / "encoder") for part in (encoder, tokenizer)])
    return {"before": before, "after": _measured(model, held)}


_LANGS: tuple[Lang, Lang] = ("ru", "en")


def _measured(model: Contrast, held: dict[str, tuple[list[str], list[str]]]) -> dict[str, Retrieval]:
    return {name: first_hits(model.encode(asked), model.encode(found)) for name, (asked, found) in held.items()}


def _findings() -> list[tuple[str, Side | None]]:
    """Every finding once, without a side: with one, sentences of two findings may be the same."""
    return [(concept, None) for concept in FINDINGS[1:]]


def _drawn(recipe: Contrastive, learned: list[State], generator: torch.Generator) -> list[tuple[str, str]]:
    """A batch of one kind of pairs, in which no two say the same."""
    kind = recipe.pairs[int(torch.randint(len(recipe.pairs), (1,), generator=generator))]
    seeds = torch.randint(_WORDINGS, (2, recipe.loop.batch), generator=generator).tolist()
    if kind == "finding":
        order = torch.randperm(len(_findings()), generator=generator)[: recipe.loop.batch].tolist()
        chosen = [_findings()[n] for n in order]
        # A wording of the frozen set's own is never drawn, but the findings are the same: there are no others.
        return [(named(c, s, _LANGS[a % 2]), statement(c, s, _LANGS[b % 2], b))
                for (c, s), a, b in zip(chosen, *(row[: len(chosen)] for row in seeds), strict=True)]  # fmt: skip
    order = torch.randperm(len(learned), generator=generator)[: recipe.loop.batch].tolist()
    return [
        (report(learned[n], "ru", a), report(learned[n], "en", b))
        for n, a, b in zip(order, *(s[: len(order)] for s in seeds), strict=True)
    ]
