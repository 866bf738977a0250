"""The capability `train sdxl-lora`: cleaned reports and films in; an adapter of SDXL, and a card to use it by, out."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from prosvet.core.context import Context
from prosvet.core.optional import require
from prosvet.core.types import Frozen
from prosvet.models.vlm.weights import digest
from prosvet.synthesis.sdxl.card import card_text
from prosvet.training.sdxl.recipe import Recipe, load_recipe

__all__ = ["SdxlLoraRequest", "SdxlLoraResult", "run"]

Step = Literal["prepare", "train", "fuse", "card"]
Fact = str | int | float | None


class SdxlLoraRequest(Frozen):
    """What to do with which recipe.

    Attributes
    ----------
    data : Path
        Folder with the rows of ``prosvet clean`` and the films.
    out : Path
        Folder of the run. The same folder goes on from the last whole checkpoint.
    step : str
        ``prepare`` only the set; ``train``; ``fuse`` the adapter into the base; ``card``: only the base's card.
    model : Path or None
        In place of the recipe's base.
    """

    recipe: Path
    data: Path
    out: Path
    step: Step = "train"
    model: Path | None = None


class SdxlLoraResult(Frozen):
    """What came of it: the path of what was made, numbers of the step, seconds."""

    step: Step
    recipe: str
    path: Path
    card: Path | None = None
    facts: dict[str, Fact] = Field(default_factory=dict)
    seconds: float


def run(request: SdxlLoraRequest, context: Context) -> SdxlLoraResult:
    """Do one step of a run; each can be repeated and goes on where it was stopped.

    Raises
    ------
    MissingExtra
        Without the extras ``train`` and ``synth``.
    NotFound, InvalidSettings, ImageError
        For the recipe, its base or its data.
    TuningError
        See :func:`prosvet.training.sdxl.films.prepare` and :func:`prosvet.training.sdxl.run.train`.
    SynthesisError
        When the folder of the base holds another kind of pipeline.
    """
    recipe = load_recipe(request.recipe)
    if request.model is not None:
        recipe = recipe.model_copy(update={"model": request.model})
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    began = time.monotonic()
    steps = {"prepare": _prepare, "train": _train, "fuse": _fuse, "card": _card}
    path, card, facts = steps[request.step](recipe, request, context)
    return SdxlLoraResult(
        step=request.step, recipe=recipe.name, path=path, card=card, facts=facts,
        seconds=round(time.monotonic() - began, 1),
    )  # fmt: skip


Outcome = tuple[Path, Path | None, dict[str, Fact]]


def _prepare(recipe: Recipe, request: SdxlLoraRequest, context: Context) -> Outcome:
    from prosvet.training.sdxl.films import prepare

    cases, dropped = prepare(recipe, request.data, request.out, context)
    positives = sum(case.positive for case in cases)
    facts: dict[str, Fact] = {
        "films": len(cases), "positives": positives, "normals": len(cases) - positives, "dropped": dropped,
    }  # fmt: skip
    return request.out / "films", None, facts


def _train(recipe: Recipe, request: SdxlLoraRequest, context: Context) -> Outcome:
    for package, extra in (("torch", "train"), ("diffusers", "synth"), ("peft", "synth"), ("accelerate", "synth")):
        require(package, extra)
    from prosvet.core.errors import NotFound
    from prosvet.training.sdxl.checkpoints import ADAPTER
    from prosvet.training.sdxl.films import read_cases
    from prosvet.training.sdxl.run import train

    if not (recipe.model / "model_index.json").is_file():
        raise NotFound(kind="model", name=str(recipe.model))
    state = require("accelerate", "synth").PartialState(cpu=not require("torch", "train").cuda.is_available())
    with state.main_process_first():  # joins the other processes, where there are any
        _, _, facts = _prepare(recipe, request, context)
    done = train(recipe, read_cases(request.out), request.out, context)
    facts |= {
        "steps": done.steps, "trainable": done.trainable, "first": done.first, "last": done.last,
        "skipped": done.skipped, "resumed": done.resumed, "processes": done.processes, "optimiser": done.optimiser,
    }  # fmt: skip
    card = _written(recipe, request.out, adapter=request.out / ADAPTER) if state.is_main_process else None
    return request.out / ADAPTER, card, facts


def _fuse(recipe: Recipe, request: SdxlLoraRequest, context: Context) -> Outcome:
    for package in ("torch", "diffusers", "peft"):
        require(package, "synth")
    from prosvet.training.sdxl.fuse import fuse

    made = fuse(recipe.model, request.out)
    return made, _written(recipe.model_copy(update={"model": made}), request.out, suffix="-fused"), {}


def _card(recipe: Recipe, request: SdxlLoraRequest, context: Context) -> Outcome:
    request.out.mkdir(parents=True, exist_ok=True)
    card = _written(recipe, request.out, suffix="-base")
    return card, card, {}


def _written(recipe: Recipe, out: Path, *, adapter: Path | None = None, suffix: str = "") -> Path:
    """A card for the base of the recipe, with the adapter where there is one, ready for ``HOME/models``."""
    name = f"{recipe.name}{suffix}"
    more: dict[str, Any] = {"size": recipe.data.size}
    if adapter is not None:
        told = json.loads((out / "run.json").read_text(encoding="utf-8"))
        entry = {
            "path": str(adapter.resolve()), "sha256": digest(adapter),
            "title": {"ru": recipe.name, "en": recipe.name}, "trigger": recipe.data.trigger,
        }  # fmt: skip
        source = {"name": recipe.data.rows, "films": told["films"], "licence": "see the data's publisher"}
        more |= {"adapter": recipe.name, "training": [source], "adapters": {recipe.name: entry}}
    path = out / f"{name}.toml"
    fresh = path.with_suffix(".part")
    fresh.write_text(card_text(name, recipe.model, revision=recipe.digest()[:12], **more), encoding="utf-8")
    fresh.replace(path)
    return path
