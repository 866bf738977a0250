"""The capabilities `train projector` and `train text`: a recipe in, a trained part and its figures out."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from prosvet.core.context import Context
from prosvet.core.errors import InvalidSettings
from prosvet.core.optional import require
from prosvet.core.types import Frozen
from prosvet.training.vlm.chain.recipe import (
    Contrastive,
    Language,
    Masked,
    Pairs,
    ProjectorRecipe,
    TinyRun,
    load_chain_recipe,
)  # fmt: skip

__all__ = ["ChainRequest", "ChainResult", "run"]

Verb = Literal["projector", "text"]
_KINDS: dict[Verb, tuple[str, ...]] = {
    "projector": ("projector", "masked", "pairs", "tiny"),
    "text": ("contrastive", "language"),
}
Figures = dict[str, float]


class ChainRequest(Frozen):
    """What to train.

    Attributes
    ----------
    verb : str
        ``projector``: recipes that join or train what sees. ``text``: recipes that adapt what reads.
    recipe : Path
        A TOML file, see :mod:`prosvet.training.vlm.chain.recipe`.
    out : Path
        Folder of the run; the same folder goes on from its last checkpoint.
    """

    verb: Verb = "projector"
    recipe: Path
    out: Path


class ChainResult(Frozen):
    """Where the result lies, what was measured, and how long it took, seconds.

    Attributes
    ----------
    figures : dict
        ``loss.first``, ``loss.last`` of training; ``dev.before``, ``dev.after``; ``before.ru_en.first`` (share of
        texts whose counterpart came first); ``before.ru.perplexity``; ...
    """

    kind: str
    path: Path
    figures: Figures = Field(default_factory=dict)
    seconds: float


def run(request: ChainRequest, context: Context) -> ChainResult:
    """Train by a recipe; what was stopped goes on.

    Raises
    ------
    MissingExtra
        Without the extras ``train`` and ``vlm``.
    NotFound, InvalidSettings, InvalidRecord, TuningError, VlmError
        For the recipe, its models, its data or the folder of the run.
    """
    recipe = load_chain_recipe(request.recipe)
    if recipe.kind not in _KINDS[request.verb]:
        raise InvalidSettings(name="kind", reason=f"{recipe.kind}: {', '.join(_KINDS[request.verb])}")
    require("torch", "train").set_num_threads(context.settings.threads)
    began = time.monotonic()
    path, figures = _STEPS[recipe.kind](recipe, request.out, context)
    return ChainResult(kind=recipe.kind, path=path, figures=figures, seconds=round(time.monotonic() - began, 1))


def _projector(recipe: ProjectorRecipe, out: Path, context: Context) -> tuple[Path, Figures]:
    from prosvet.training.vlm.chain.stages import train_projector

    done = train_projector(recipe, out, context)
    figures = dict(zip(("dev.before", "dev.projector", "dev.after"), done.dev, strict=True))
    figures |= {"trained.first": done.trained[0], "trained.second": done.trained[1]}
    return done.folder, figures | _ends("first", done.first) | _ends("second", done.second)


def _masked(recipe: Masked, out: Path, context: Context) -> tuple[Path, Figures]:
    from prosvet.training.vlm.chain.masked import train_masked

    return out / "encoder", _ends("loss", train_masked(recipe, out, context))


def _pairs(recipe: Pairs, out: Path, context: Context) -> tuple[Path, Figures]:
    from prosvet.training.vlm.chain.pairs import train_pairs

    return out / "encoder", _ends("loss", train_pairs(recipe, out, context))


def _contrastive(recipe: Contrastive, out: Path, context: Context) -> tuple[Path, Figures]:
    from prosvet.training.vlm.chain.contrastive import train_contrastive

    found = train_contrastive(recipe, out, context)
    figures: Figures = {}
    for when, kinds in found.items():
        for kind, retrieval in kinds.items():
            figures |= {f"{when}.{kind}.first": retrieval.first, f"{when}.{kind}.mrr": retrieval.mrr,
                        f"{when}.{kind}.n": retrieval.n}  # fmt: skip
    return out / "encoder", figures


def _language(recipe: Language, out: Path, context: Context) -> tuple[Path, Figures]:
    from prosvet.training.vlm.chain.language_model import train_language

    found = train_language(recipe, out, context)
    figures: Figures = {}
    for when, sets in found.items():
        for name, one in sets.items():
            figures |= {f"{when}.{name}.perplexity": one.value, f"{when}.{name}.texts": one.texts}
    return out / "model", figures


def _tiny(recipe: TinyRun, out: Path, context: Context) -> tuple[Path, Figures]:
    from prosvet.training.vlm.chain.tiny_run import run_tiny

    return run_tiny(recipe, out, context), {}


_STEPS: dict[str, Callable[[Any, Path, Context], tuple[Path, Figures]]] = {
    "projector": _projector,
    "masked": _masked,
    "pairs": _pairs,
    "contrastive": _contrastive,
    "language": _language,
    "tiny": _tiny,
}


def _ends(name: str, losses: list[float]) -> Figures:
    """Mean of the first and of the last tenth of the steps."""
    tenth = max(1, len(losses) // 10)
    return {f"{name}.first": sum(losses[:tenth]) / tenth, f"{name}.last": sum(losses[-tenth:]) / tenth}
