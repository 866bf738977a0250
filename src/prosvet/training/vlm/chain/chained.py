"""A chain in training: prompts and answers as tokens, fresh parts joined, and the folder in which all of it is kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from prosvet.core.errors import VlmError
from prosvet.core.optional import require
from prosvet.models.backends.chain_eyes import CompactSight, open_eyes
from prosvet.models.backends.chain_net import (
    ADAPTER,
    EYES,
    LANGUAGE,
    PROJECTOR,
    Chained,
    open_language,
    places_of,
)  # fmt: skip
from prosvet.models.backends.chain_parts import PLACE, ChainFile, Role, ids_of, worded
from prosvet.models.backends.chain_projectors import make_projector
from prosvet.models.vlm.card import Load
from prosvet.models.vlm.weights import described
from prosvet.training.vlm.chain.listing import Sample
from prosvet.training.vlm.chain.recipe import ProjectorRecipe

__all__ = ["Words", "open_chain", "save_chained"]

_IGNORED = -100


class Words:
    """Prompts and answers as tokens, a picture as so many places.

    Parameters
    ----------
    places : int
        That one picture takes.
    """

    def __init__(self, tokenizer: Any, places: int, instruction: str, longest: int) -> None:
        self.tokenizer, self.place = tokenizer, int(tokenizer.convert_tokens_to_ids(PLACE))
        self.places, self._instruction, self._longest = places, instruction, longest

    def prompt(self, roles: Sequence[Role]) -> list[int]:
        """``frontal: <film>…<film>``, a line a picture, then the instruction."""
        return ids_of(self.tokenizer, worded(roles, self._instruction), self.places)

    def batch(self, samples: Sequence[Sample]) -> dict[str, Tensor]:
        """Ids, mask and labels, padded on the right; only answers are learned.

        Raises
        ------
        VlmError
            When a prompt alone is longer than the recipe allows.
        """
        rows = []
        for sample in samples:
            prompt = self.prompt(sample.roles)
            if len(prompt) >= self._longest:
                raise VlmError(name="chain", reason="too_long", length=len(prompt), limit=self._longest)
            said: list[int] = self.tokenizer(sample.text, add_special_tokens=False)["input_ids"]
            answer = [*said, self.tokenizer.eos_token_id][: self._longest - len(prompt)]
            rows.append((prompt, answer))
        width = max(len(prompt) + len(answer) for prompt, answer in rows)
        ids = torch.full((len(rows), width), self.tokenizer.pad_token_id)
        labels, mask = torch.full_like(ids, _IGNORED), torch.zeros_like(ids)
        for n, (prompt, answer) in enumerate(rows):
            total = len(prompt) + len(answer)
            ids[n, :total] = torch.tensor(prompt + answer)
            labels[n, len(prompt) : total] = torch.tensor(answer)
            mask[n, :total] = 1
        return {"ids": ids, "mask": mask, "labels": labels}


def open_chain(recipe: ProjectorRecipe, threads: int) -> tuple[Chained, Words]:
    """The two models of a recipe with a fresh projector between them; nothing trains yet.

    Raises
    ------
    NotFound, VlmError
        When a folder holds no model, or not the tensors of its architecture.
    """
    load = Load(device="cpu", dtype=recipe.language.dtype)
    language, tokenizer = open_language(recipe.language.path.name, recipe.language.path, load)
    eyes = open_eyes(recipe.eyes.kind, recipe.eyes.path, threads)
    torch.manual_seed(recipe.first.seed)
    projector = make_projector(recipe.projector, eyes.width, int(language.config.hidden_size))
    words = Words(tokenizer, places_of(eyes, recipe.projector), recipe.instruction, recipe.longest)
    model = Chained(eyes, projector, language, words.place).requires_grad_(False)
    return model, words


def save_chained(model: Chained, recipe: ProjectorRecipe, folder: Path) -> None:
    """Write all that the door needs: projector, adapter, and the two models, as links where the disk allows it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.projector.state_dict().items()}
    require("safetensors.torch", "vlm").save_file(tensors, str(folder / PROJECTOR))
    if hasattr(model.language, "peft_config"):
        # The row of the picture's mark is never read: the words' table needs no saving.
        model.language.save_pretrained(folder / ADAPTER, save_embedding_layers=False)
    _put(recipe.language.path, folder / LANGUAGE)
    if recipe.eyes.path is not None:
        _put(recipe.eyes.path, folder / EYES)
    encoder = model.eyes.sha256 if isinstance(model.eyes, CompactSight) else ""
    ChainFile(
        eyes=recipe.eyes.kind, encoder_sha256=encoder, projector=recipe.projector, instruction=recipe.instruction
    ).write(folder)


def _put(source: Path, target: Path) -> None:
    """Every file of a model; on the same disk it takes no room."""
    for name in described(source):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        file = (source / name).resolve()
        try:
            os.link(file, target / name)
        except OSError:
            shutil.copy2(file, target / name)
