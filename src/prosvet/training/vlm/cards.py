"""Cards for what was trained here, so that the door opens it: ``prosvet models add RUN/card.toml``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prosvet.core.errors import TuningError
from prosvet.core.i18n import Lang, text
from prosvet.core.optional import require
from prosvet.models.card import Figure, WeightFile
from prosvet.models.vlm.card import ImagePolicy, Load, Prompt, VlmCard
from prosvet.models.vlm.weights import described
from prosvet.training.vlm.continual import Forgetting
from prosvet.training.vlm.load import load_processor
from prosvet.training.vlm.prompts import messages
from prosvet.training.vlm.recipe import Recipe
from prosvet.training.vlm.rows import LARGEST

__all__ = ["CARD", "chain_card", "door_prompt", "tuned_card", "write_card"]

CARD = "card.toml"
_LANGS: tuple[Lang, Lang] = ("ru", "en")
_UNITS = 16  # a picture needs at least this many pixels; smaller ones show nothing


def chain_card(name: str, folder: Path, instruction: str, load: Load, most: int) -> VlmCard:
    """The card of a chain whose parts all lie in `folder`."""
    files = described(folder)
    return VlmCard(
        name=name, task="vlm", backend="chained", revision=_revision(files), weights=str(folder.resolve()), files=files,
        images=ImagePolicy(most=most, longest_edge=1024, shortest_edge=_UNITS), load=load,
        **_words("chain", name=name, instruction=instruction),
    )  # fmt: skip


def tuned_card(recipe: Recipe, adapter: Path, told: Forgetting) -> VlmCard:
    """The card of a base model with a promoted adapter, asked exactly as it was trained."""
    base, own = described(recipe.model.path), described(adapter)
    processor, given = load_processor(recipe.model), recipe.model
    options: dict[str, Any] = {}
    if given.longest_edge is not None:
        options["size"] = {"longest_edge": given.longest_edge}
    if given.split_images is not None:
        options["do_image_splitting"] = given.split_images
    images = ImagePolicy(
        most=max(source.images for source in recipe.sources), shortest_edge=_UNITS, options=options,
        longest_edge=min(given.longest_edge or LARGEST, LARGEST),
    )  # fmt: skip
    return VlmCard(
        name=recipe.name, task="vlm", backend="transformers", revision=_revision(base | own),
        weights=str(given.path.resolve()), files=base, adapter=str(adapter.resolve()), adapter_files=own,
        prompt=door_prompt(processor), images=images,
        load=Load(quantisation=given.quantisation, device=given.device, dtype=given.dtype),
        figures=_figures(told), **_words("tuned", name=recipe.name, instruction=recipe.prompt.instruction),
    )  # fmt: skip


def door_prompt(processor: Any) -> Prompt:
    """The chat template of the weights as training fills it, words first and pictures after them, written out.

    Raises
    ------
    TuningError
        When the template has no place that repeats with each picture.
    """
    one, two = (
        str(processor.apply_chat_template(messages("{prompt}", n), add_generation_prompt=True, tokenize=False))
        for n in (1, 2)
    )
    mark, width = processor.image_token, len(two) - len(one)
    for at in range(len(one) - width + 1):
        unit = one[at : at + width]
        if mark in unit and one[:at] + unit + one[at:] == two:
            template = one[:at] + "{pictures}" + one[at + width :]
            return Prompt(style="plain", template=_without_start(template, processor.tokenizer), picture=unit)
    raise TuningError(reason="no_picture_unit", name=mark)


def _without_start(template: str, tokenizer: Any) -> str:
    """A first mark that the tokenizer adds by itself must not stand there twice."""
    ids = tokenizer("a")["input_ids"]
    start = tokenizer.bos_token
    return template.removeprefix(start) if start and ids[0] == tokenizer.bos_token_id else template


def write_card(card: VlmCard, path: Path) -> Path:
    """Write a card as ``prosvet models add`` takes it."""
    body = card.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    path.write_text(require("tomli_w", "train").dumps(body), encoding="utf-8")
    return path


def _revision(files: Mapping[str, WeightFile]) -> str:
    """Told by every byte: two trainings with the same result are the same revision."""
    told = sorted((entry.path, entry.sha256) for entry in files.values())
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _figures(told: Forgetting) -> tuple[Figure, ...]:
    command = "prosvet train vlm --recipe RECIPE --out RUN --step promote"
    made = [
        Figure(metric=name, data="frozen test side", value=value, n=told.cases, command=command)
        for name, value in told.new.items()
    ]
    for name, figure in told.differences.items():
        if figure.value is not None:
            made.append(Figure(metric=f"{name}, new less former", data="frozen test side", value=figure.value,
                               low=figure.low, high=figure.high, n=told.cases, command=command))  # fmt: skip
    return tuple(made)


def _words(kind: str, **places: str) -> dict[str, Any]:
    """Title, limits and licence of a card, in both languages."""
    return {
        "title": {lang: text(f"trained_card.{kind}.title", lang, **places) for lang in _LANGS},
        "limits": {
            lang: tuple(text(f"trained_card.{key}", lang, **places) for key in (f"{kind}.asked", "unproven"))
            for lang in _LANGS
        },
        "licence": text("trained_card.licence", "en"),
    }
