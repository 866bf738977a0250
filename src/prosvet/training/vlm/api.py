"""The capability `train vlm`: a vision-language model tuned by a recipe, scored, merged, compared, promoted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.core.context import Context
from prosvet.core.optional import require
from prosvet.core.types import Frozen
from prosvet.training.vlm.recipe import Recipe, load_recipe

__all__ = ["TuneRequest", "TuneResult", "run"]

Step = Literal["count", "train", "score", "ablate", "merge", "promote"]
Fact = str | int | float | None


class TuneRequest(Frozen):
    """What to do with which recipe.

    Attributes
    ----------
    recipe : Path
        A TOML file, see :class:`prosvet.training.vlm.recipe.Recipe`.
    out : Path
        Folder of the run. The same folder goes on from the last whole checkpoint.
    step : str
        ``count`` only counts what would train; ``train``; ``score`` before and after; ``ablate`` the self-refining
        term; ``merge`` the adapter into its base; ``promote`` over the former run, if nothing was forgotten.
    model, data : Path or None
        In place of the recipe's model and of its first source's folder.
    """

    recipe: Path
    out: Path
    step: Step = "train"
    model: Path | None = None
    data: Path | None = None


class TuneResult(Frozen):
    """What came of it.

    Attributes
    ----------
    facts : dict
        Numbers of this step: ``trainable``, ``steps``, ``first``, ``last``, ``best`` after training.
    figures : dict of str to (value, low, high)
        With 95 % intervals; ``after.image.rouge_l`` after scoring, ``loss`` after a comparison.
    missing : tuple of str
        Metrics that were not computed.
    """

    step: Step
    recipe: str
    path: Path
    facts: dict[str, Fact] = Field(default_factory=dict)
    figures: dict[str, tuple[float | None, float | None, float | None]] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    seconds: float


def run(request: TuneRequest, context: Context) -> TuneResult:
    """Do one step of a run; each can be repeated and goes on where it was stopped.

    Raises
    ------
    MissingExtra
        Without the extras ``train`` and ``vlm``.
    NotFound, InvalidSettings
        For the recipe, its model or its data.
    TuningError
        When the pattern reaches the vision tower, the number of parameters is not the recipe's, a side of the split is
        empty, the folder holds another run.
    TunedWorse
        When what is to be promoted forgot, or may have.
    """
    recipe = _with_paths(load_recipe(request.recipe), request)
    for package, extra in (("torch", "train"), ("transformers", "vlm"), ("peft", "vlm"), ("trl", "vlm")):
        require(package, extra)
    began = time.monotonic()
    steps = {"count": _count, "train": _train, "score": _score, "ablate": _ablate, "merge": _merge,
             "promote": _promote}  # fmt: skip
    path, facts, figures, missing = steps[request.step](recipe, request.out, context)
    return TuneResult(
        step=request.step, recipe=recipe.name, path=path, facts=facts, figures=figures, missing=missing,
        seconds=round(time.monotonic() - began, 1),
    )  # fmt: skip


def _with_paths(recipe: Recipe, request: TuneRequest) -> Recipe:
    if request.model is not None:
        recipe = recipe.model_copy(update={"model": recipe.model.model_copy(update={"path": request.model})})
    if request.data is not None:
        first = recipe.sources[0].model_copy(update={"path": request.data})
        recipe = recipe.model_copy(update={"sources": (first, *recipe.sources[1:])})
    return recipe


Figures = dict[str, tuple[float | None, float | None, float | None]]
Outcome = tuple[Path, dict[str, Fact], Figures, tuple[str, ...]]


def _count(recipe: Recipe, out: Path, context: Context) -> Outcome:
    """From the architecture's shape: the weights need not be there, only their configuration."""
    from prosvet.core.errors import NotFound
    from prosvet.training.vlm.counts import count, meta_model

    if not (recipe.model.path / "config.json").is_file():
        raise NotFound(kind="model", name=str(recipe.model.path))
    config = require("transformers", "vlm").AutoConfig.from_pretrained(recipe.model.path, local_files_only=True)
    found = count(meta_model(config), recipe.lora)
    facts: dict[str, Fact] = {
        "trainable": found.trainable, "total": found.total, "share": found.share, "layers": found.layers,
        "outside": found.outside,
    }  # fmt: skip
    return recipe.model.path, facts, {}, ()


def _train(recipe: Recipe, out: Path, context: Context) -> Outcome:
    from prosvet.training.vlm.run import record_of, train

    done = train(recipe, out, context)
    record = record_of(out)
    facts: dict[str, Fact] = {
        "trainable": done.trainable, "total": done.total, "steps": done.steps, "resumed": done.resumed,
        "first": done.first, "last": done.last, "best": done.best, "processes": done.processes,
        **record.sides, "patients": record.patients, "replayed": record.replayed,
    }  # fmt: skip
    return done.adapter, facts, {}, ()


def _score(recipe: Recipe, out: Path, context: Context) -> Outcome:
    from prosvet.training.vlm.score import score

    found = score(recipe, out, context)
    figures: Figures = {
        f"{one.when}.{one.way}.{name}": (figure.value, figure.low, figure.high)
        for one in found.ways
        for name, figure in one.metrics.items()
    }
    figures |= {f"film_adds.{when}": (one.value, one.low, one.high) for when, one in found.film_adds.items()}
    figures |= {f"tuning_adds.{way}": (one.value, one.low, one.high) for way, one in found.tuning_adds.items()}
    facts: dict[str, Fact] = {f"well_formed.{one.when}.{one.way}": one.well_formed for one in found.ways}
    facts |= {f"image_use.{one.when}.{one.way}": one.image_use for one in found.ways}
    facts["n"] = found.ways[0].n
    return out / "score", facts, figures, found.missing


def _ablate(recipe: Recipe, out: Path, context: Context) -> Outcome:
    from prosvet.training.vlm.later import ablate

    found = ablate(recipe, out, context)
    facts: dict[str, Fact] = {"weight": found.weight, "n": found.cases}
    facts |= {f"plain.{name}": value for name, value in found.plain.items()}
    facts |= {f"refined.{name}": value for name, value in found.refined.items()}
    figures = {name: (one.value, one.low, one.high) for name, one in found.differences.items()}
    return out / "ablation.json", facts, figures, ()


def _merge(recipe: Recipe, out: Path, context: Context) -> Outcome:
    from prosvet.training.vlm.later import merge

    return merge(recipe, out), {}, {}, ()


def _promote(recipe: Recipe, out: Path, context: Context) -> Outcome:
    from prosvet.training.vlm.later import promote

    found = promote(recipe, out, context)
    facts: dict[str, Fact] = {"n": found.cases, "patients": found.patients}
    facts |= {f"former.{name}": value for name, value in found.former.items()}
    facts |= {f"new.{name}": value for name, value in found.new.items()}
    figures = {name: (one.value, one.low, one.high) for name, one in found.differences.items()}
    return out / "promoted.json", facts, figures, ()
