"""Two models as one: an encoder's tokens, projected, stand in a language model's prompt where pictures are named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from prosvet.core.errors import NotFound, VlmError
from prosvet.core.optional import require
from prosvet.models.backends.strict import load_strictly
from prosvet.models.vlm.card import Load
from prosvet.training.vlm.chain.eyes import CompactSight, SiglipSight, open_eyes
from prosvet.training.vlm.chain.listing import Role, Sample
from prosvet.training.vlm.chain.projectors import make_projector
from prosvet.training.vlm.chain.recipe import LanguageModel, ProjectorRecipe

__all__ = ["Chained", "Words", "ask", "load_chained", "open_chain", "save_chained"]

PLACE = "<film>"
_IGNORED = -100


class Chained(nn.Module):
    """The encoder (frozen), the projector, the language model.

    Parameters
    ----------
    place : int
        Id of the token in whose stead a picture's tokens are read.
    """

    def __init__(self, eyes: CompactSight | SiglipSight, projector: nn.Module, language: Any, place: int) -> None:
        super().__init__()
        self.eyes, self.projector, self.language, self.place = eyes, projector, language, place

    def read(self, pictures: Tensor, ids: Tensor) -> Tensor:
        """Embeddings (B, T, D) of tokens, with the pictures' own in their places, in order."""
        embedded = self.language.get_input_embeddings()(ids)
        seen: Tensor = self.projector(self.eyes.see(pictures)).to(embedded.dtype)
        places = (ids == self.place)[..., None].expand_as(embedded)
        filled: Tensor = embedded.masked_scatter(places, seen.reshape(-1))
        return filled

    def forward(self, pictures: Tensor, ids: Tensor, mask: Tensor, labels: Tensor) -> Tensor:
        """The language model's loss over the answers."""
        out = self.language(inputs_embeds=self.read(pictures, ids), attention_mask=mask, labels=labels)
        loss: Tensor = out.loss
        return loss

    @torch.no_grad()
    def say(self, pictures: Tensor, ids: Tensor, most: int, **given: Any) -> list[int]:
        """Tokens of the answer to one prompt, the likeliest each time."""
        self.eval()
        embedded = self.read(pictures, ids)
        mask = torch.ones(ids.shape, dtype=torch.long)
        out = self.language.generate(
            inputs_embeds=embedded, attention_mask=mask, max_new_tokens=most, do_sample=False, **given
        )
        return [int(token) for token in out[0]]


class Words:
    """Prompts and answers as tokens, a picture as so many places.

    Parameters
    ----------
    places : int
        That one picture takes.
    """

    def __init__(self, tokenizer: Any, places: int, instruction: str, longest: int) -> None:
        self.tokenizer, self.place = tokenizer, int(tokenizer.convert_tokens_to_ids(PLACE))
        self._places, self._instruction, self._longest = places, instruction, longest

    def prompt(self, roles: Sequence[Role]) -> list[int]:
        """``frontal: <film>…<film>``, a line a picture, then the instruction."""
        ids: list[int] = []
        for role in roles:
            ids += self._plain(f"{role}: ") + [self.place] * self._places + self._plain("\n")
        return ids + self._plain(f"{self._instruction}\n")

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
            answer = [*self._plain(sample.text), self.tokenizer.eos_token_id][: self._longest - len(prompt)]
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

    def _plain(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def open_chain(recipe: ProjectorRecipe, threads: int) -> tuple[Chained, Words]:
    """The two models of a recipe with a fresh projector between them; nothing trains yet.

    Raises
    ------
    NotFound, VlmError
        When a folder holds no model, or not the tensors of its architecture.
    """
    language, tokenizer = _language(recipe.language)
    eyes = open_eyes(recipe.eyes, threads)
    torch.manual_seed(recipe.first.seed)
    projector = make_projector(recipe.projector, eyes.width, int(language.config.hidden_size))
    places = recipe.projector.tokens if recipe.projector.kind == "resampler" else eyes.places
    words = Words(tokenizer, places, recipe.instruction, recipe.longest)
    model = Chained(eyes, projector, language, words.place).requires_grad_(False)
    return model, words


def _language(given: LanguageModel) -> tuple[Any, Any]:
    if not (given.path / "config.json").is_file():
        raise NotFound(kind="model", name=str(given.path))
    transformers = require("transformers", "vlm")
    load = Load(device="cpu", dtype=given.dtype)
    language = load_strictly(given.path.name, transformers.AutoModelForCausalLM, given.path, load)
    tokenizer = transformers.AutoTokenizer.from_pretrained(given.path, local_files_only=True)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.add_tokens([PLACE], special_tokens=True)
    if len(tokenizer) > language.get_input_embeddings().num_embeddings:
        language.resize_token_embeddings(len(tokenizer))  # the place itself is never read: its row stays unused
    return language, tokenizer


def save_chained(model: Chained, recipe: ProjectorRecipe, folder: Path) -> None:
    """Write the projector, the adapters when there are some, and the recipe; the two models stay where they are."""
    save_file = require("safetensors.torch", "vlm").save_file
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in model.projector.state_dict().items()},
              str(folder / "projector.safetensors"))  # fmt: skip
    if hasattr(model.language, "peft_config"):
        model.language.save_pretrained(folder / "adapter")
    (folder / "recipe.json").write_text(recipe.model_dump_json(indent=1), encoding="utf-8")


def load_chained(folder: Path, threads: int) -> tuple[Chained, Words]:
    """What :func:`save_chained` wrote, ready to be asked.

    Raises
    ------
    NotFound
        When it is not there.
    """
    if not (folder / "recipe.json").is_file():
        raise NotFound(kind="model", name=str(folder))
    recipe = ProjectorRecipe.model_validate(json.loads((folder / "recipe.json").read_text(encoding="utf-8")))
    model, words = open_chain(recipe, threads)
    held = require("safetensors.torch", "vlm").load_file(str(folder / "projector.safetensors"))
    model.projector.load_state_dict(held)
    if (folder / "adapter").is_dir():
        model.language = require("peft", "vlm").PeftModel.from_pretrained(model.language, folder / "adapter")
    return model.eval(), words


def ask(model: Chained, words: Words, pictures: Sequence[Image.Image], roles: Sequence[Role], most: int) -> str:
    """The answer to the recipe's own instruction about `pictures`."""
    ids = torch.tensor([words.prompt(roles)])
    given = {"pad_token_id": words.tokenizer.pad_token_id, "eos_token_id": words.tokenizer.eos_token_id}
    said = model.say(model.eyes.prepare(pictures), ids, most, **given)
    text: str = words.tokenizer.decode(said, skip_special_tokens=True)
    return text.strip()
