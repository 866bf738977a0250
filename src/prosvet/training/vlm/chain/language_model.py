"""A language model reads on in radiology; perplexity of a frozen set before and after, and of the other language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from prosvet.core.context import Context
from prosvet.core.errors import NotFound, TuningError
from prosvet.core.i18n import Lang
from prosvet.core.optional import require
from prosvet.models.backends.strict import load_strictly
from prosvet.models.vlm.card import Load
from prosvet.training.vlm.chain.loop import once, run_loop
from prosvet.training.vlm.chain.recipe import Language, digest
from prosvet.training.vlm.chain.states import frozen, report, split, states
from prosvet.training.vlm.load import with_adapter

__all__ = ["Perplexity", "Reads", "texts_of", "train_language"]

_IGNORED = -100
_WORDINGS = 6
_FROZEN_WORDING = 1000
_BATCH = 16


@dataclass(frozen=True)
class Perplexity:
    """Of frozen texts: exp of the mean loss a token, with how many texts and tokens, and each text's sum of losses."""

    value: float
    texts: int
    tokens: int
    losses: tuple[float, ...]
    lengths: tuple[int, ...]


class Reads(nn.Module):
    """A language model over whole texts, each ended by the end sign."""

    def __init__(self, model: Any, tokenizer: Any, longest: int) -> None:
        super().__init__()
        self.model, self.tokenizer, self._longest = model, tokenizer, longest

    def batch(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Ids, mask and labels, padded on the right."""
        end = self.tokenizer.eos_token or ""
        self.tokenizer.padding_side = "right"
        made = self.tokenizer([text + end for text in texts], padding=True, truncation=True,
                              max_length=self._longest, return_tensors="pt")  # fmt: skip
        labels = made["input_ids"].masked_fill(made["attention_mask"] == 0, _IGNORED)
        return {"ids": made["input_ids"], "mask": made["attention_mask"], "labels": labels}

    def forward(self, ids: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
        """The mean loss a token."""
        loss: Tensor = self.model(input_ids=ids, attention_mask=mask, labels=labels).loss
        return loss

    @torch.no_grad()
    def perplexity(self, texts: Sequence[str]) -> Perplexity:
        """Of `texts`, without training."""
        self.eval()
        device = next(self.parameters()).device
        losses: list[float] = []
        lengths: list[int] = []
        for start in range(0, len(texts), _BATCH):
            batch = {name: held.to(device) for name, held in self.batch(texts[start : start + _BATCH]).items()}
            logits = self.model(input_ids=batch["ids"], attention_mask=batch["mask"]).logits[:, :-1].float()
            right = batch["labels"][:, 1:]
            each = nn.functional.cross_entropy(logits.transpose(1, 2), right, ignore_index=_IGNORED, reduction="none")
            losses += each.sum(1).tolist()
            lengths += (right != _IGNORED).sum(1).tolist()
        value = math.exp(sum(losses) / max(1, sum(lengths)))
        return Perplexity(value, len(texts), sum(lengths), tuple(losses), tuple(lengths))


def texts_of(recipe: Language) -> tuple[list[str], dict[str, list[str]]]:
    """Texts to learn from, and frozen ones: ``ru`` and ``en`` renderings always, ``own`` where texts were given.

    Raises
    ------
    NotFound
        When the file of texts is not there.
    TuningError
        When nothing is left to learn from.
    """
    learned_states, held_states = split(states(recipe.states, recipe.loop.seed))
    both: dict[str, tuple[Lang, ...]] = {"ru": ("ru",), "en": ("en",), "both": ("ru", "en"), "none": ()}
    learned = [report(state, lang, n % _WORDINGS) for lang in both[recipe.rendered]
               for n, state in enumerate(learned_states)]  # fmt: skip
    found: dict[str, list[str]] = {
        lang: [report(state, lang, _FROZEN_WORDING) for state in held_states] for lang in both["both"]
    }
    if recipe.texts is not None:
        if not recipe.texts.is_file():
            raise NotFound(kind="file", name=str(recipe.texts))
        own = list(dict.fromkeys(line.strip() for line in recipe.texts.read_text("utf-8").splitlines() if line.strip()))
        found["own"] = [text for text in own if frozen(text)]
        learned += [text for text in own if not frozen(text)]
    if not learned:
        raise TuningError(reason="empty_side", name="train", n=0)
    return learned, {name: texts for name, texts in found.items() if texts}


def train_language(recipe: Language, out: Path, context: Context) -> dict[str, dict[str, Perplexity]]:
    """Read on, write the model (or its adapter) to ``out/model``; perplexity of the frozen sets before and after.

    Raises
    ------
    NotFound, TuningError, VlmError
        For the model, the texts or the folder of the run.
    """
    folder = recipe.model.path
    if not (folder / "config.json").is_file():
        raise NotFound(kind="model", name=str(folder))
    transformers = require("transformers", "vlm")
    load = Load(device="cpu", dtype=recipe.model.dtype)
    held = load_strictly(folder.name, transformers.AutoModelForCausalLM, folder, load)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    learned, frozen_texts = texts_of(recipe)
    model = Reads(held.requires_grad_(recipe.lora is None), tokenizer, recipe.longest)
    before = {name: model.perplexity(texts) for name, texts in frozen_texts.items()}
    if recipe.lora is not None:
        model.model, _ = with_adapter(held, recipe.lora, recipe.loop.seed)

    def draw(generator: torch.Generator) -> dict[str, Tensor]:
        chosen = torch.randint(len(learned), (recipe.loop.batch,), generator=generator).tolist()
        return model.batch([learned[n] for n in chosen])

    texts_used = (recipe.texts,) if recipe.texts else ()
    run_loop(model, draw, recipe.loop, out, digest(recipe, folder, *texts_used))
    once(lambda: [part.save_pretrained(out / "model") for part in (model.model, tokenizer)])
    return {"before": before, "after": {name: model.perplexity(texts) for name, texts in frozen_texts.items()}}
