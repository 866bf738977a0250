"""One run of tuning in its folder: cases, checkpoints, curves, samples, the adapter; it goes on where it was stopped.

The folder holds ``run.json`` (what was asked, on what, with how many parameters), ``cases.jsonl``, ``checkpoints/``,
``curves.json`` and ``.png``, ``samples/index.html`` and, at the end, ``adapter/``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from prosvet import __version__
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, TuningError
from prosvet.core.types import Frozen
from prosvet.models.vlm.weights import digest
from prosvet.training.vlm.case import Case, chosen, read_cases, write_cases
from prosvet.training.vlm.continual import with_replay
from prosvet.training.vlm.curves import write_curves
from prosvet.training.vlm.generate import Asked, answers
from prosvet.training.vlm.load import adapter_from, load_base, load_processor, with_adapter
from prosvet.training.vlm.pictures import picture_of
from prosvet.training.vlm.prompts import answer_of, asked
from prosvet.training.vlm.recipe import Recipe
from prosvet.training.vlm.rows import LARGEST, CaseRows
from prosvet.training.vlm.samples import Sample, add_samples
from prosvet.training.vlm.sources import gather

__all__ = ["ADAPTER", "CASES", "RunRecord", "Trained", "adapter_of", "prepare", "record_of", "side", "train"]

log = logging.getLogger(__name__)

ADAPTER, CASES = "adapter", "cases.jsonl"
_RECORD, _DONE = "run.json", "done.json"
_PACKAGES = ("torch", "transformers", "peft", "trl", "accelerate")


class RunRecord(Frozen):
    """What a run is: enough to repeat it.

    Attributes
    ----------
    digest : str
        Of the recipe, see :meth:`Recipe.digest`.
    weights : str
        Of the base model: the bytes of its weights and its configuration, hashed.
    cases : str
        SHA-256 of ``cases.jsonl``.
    sides : dict of side to number of cases
    replayed : int
        Training cases of the former run.
    left_out : dict of reason to number
    """

    recipe: str
    digest: str
    weights: str
    cases: str
    sides: dict[str, int]
    patients: int
    replayed: int
    left_out: dict[str, int]
    code: str
    packages: dict[str, str]


@dataclass(frozen=True)
class Trained:
    """What came of training.

    Attributes
    ----------
    trainable, total : int
        Parameters.
    steps : int
        Taken in all, those before a stop too.
    resumed : int or None
        The step it went on from.
    first, last : float
        The training loss at the first and the last step.
    best : float or None
        The lowest dev loss.
    processes : int
        That trained together.
    """

    adapter: Path
    trainable: int
    total: int
    steps: int
    resumed: int | None
    first: float
    last: float
    best: float | None
    processes: int = 1


def record_of(out: Path) -> RunRecord:
    """The record of the run in `out`.

    Raises
    ------
    TuningError
        When there is none.
    """
    path = out / _RECORD
    if not path.is_file():
        raise TuningError(reason="no_run", name=out.name)
    return RunRecord.model_validate_json(path.read_text(encoding="utf-8"))


def adapter_of(out: Path) -> Path:
    """The folder of the adapter that the run in `out` has trained.

    Raises
    ------
    TuningError
        When the run has not been trained to its end.
    """
    if not (out / ADAPTER / "adapter_config.json").is_file():
        raise TuningError(reason="not_trained", name=out.name)
    return out / ADAPTER


def prepare(recipe: Recipe, out: Path, context: Context) -> tuple[list[Case], RunRecord]:
    """The cases of the run: gathered once, the same ever after.

    Raises
    ------
    TuningError
        When the folder holds the run of another recipe or another model, or its cases were changed.
    NotFound
        When the model is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    if (out / _RECORD).is_file():
        record = record_of(out)
        if record.digest != recipe.digest():
            raise TuningError(reason="other_recipe", name=out.name)
        if record.weights != _weights(recipe.model.path):
            raise TuningError(reason="other_weights", name=out.name)
        return read_cases(out / CASES, record.cases), record
    cases, left_out = gather(recipe, context)
    if recipe.continual.former is not None:
        former = record_of(recipe.continual.former)
        cases = with_replay(cases, read_cases(recipe.continual.former / CASES, former.cases), recipe.continual.replay)
    sha = write_cases(cases, out / CASES)
    record = RunRecord(
        recipe=recipe.name,
        digest=recipe.digest(),
        weights=_weights(recipe.model.path),
        cases=sha,
        sides=dict(Counter(str(case.part) for case in cases)),
        patients=len({(case.source, case.patient) for case in cases}),
        replayed=sum(case.origin == "replay" for case in cases),
        left_out=left_out,
        code=__version__,
        packages={"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
    )
    fresh = out / "run.tmp"
    fresh.write_text(record.model_dump_json(indent=1), encoding="utf-8")
    fresh.replace(out / _RECORD)
    return cases, record


def _weights(folder: Path) -> str:
    """Which model this is, by every byte of its weights and its configuration."""
    config = folder / "config.json"
    if not config.is_file():
        raise NotFound(kind="model", name=str(folder))
    files = [config, *sorted(folder.glob("*.safetensors"))]
    told = [(path.name, digest(path)) for path in files]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def side(cases: Sequence[Case], part: str) -> list[Case]:
    """The cases of one side of the split."""
    return [case for case in cases if case.part == part]


def train(recipe: Recipe, out: Path, context: Context) -> Trained:
    """Train, or go on training; returns at once when it is done already.

    Raises
    ------
    TuningError
        See :func:`prepare` and :func:`prosvet.training.vlm.counts.count`.
    """
    from prosvet.training.vlm.trainer import arguments, build_trainer, last_whole

    done = out / _DONE
    args = arguments(recipe, out)  # joins the other processes, where there are any
    with args.main_process_first(local=False):
        cases, _ = prepare(recipe, out, context)
    if done.is_file():
        told = json.loads(done.read_text(encoding="utf-8"))
        return Trained(adapter=out / ADAPTER, **told)
    processor, base = load_processor(recipe.model), load_base(recipe.model)
    model, counted = with_adapter(base, recipe.lora, recipe.steps.seed)
    if recipe.continual.former is not None:
        # Only now: the fresh adapters have shown that the recipe's pattern and number hold.
        model = adapter_from(model.unload(), recipe.continual.former / ADAPTER, trainable=True)
    learned, held = [CaseRows(side(cases, part), recipe.prompt, context.settings, recipe.model.longest_edge)
            for part in ("train", "dev")]  # fmt: skip
    lang = context.lang
    trainer = build_trainer(
        recipe, model, processor, learned, held, out,
        curves=lambda history: _keep_curves(history, out, context),
        samples=_sampler(recipe, model, processor, side(cases, "dev"), out, context, lambda: _sharded(trainer)),
    )  # fmt: skip
    start = last_whole(out)
    trainer.train(resume_from_checkpoint=str(start) if start else None)
    trainer.save_model(str(out / ADAPTER))
    history = trainer.state.log_history
    shown = [float(row["loss"]) for row in history if "loss" in row]
    told = {
        "trainable": counted.trainable, "total": counted.total, "steps": trainer.state.global_step,
        "resumed": int(start.name.rpartition("-")[2]) if start else None,
        "first": shown[0] if shown else float("nan"), "last": shown[-1] if shown else float("nan"),
        "best": trainer.state.best_metric,
        "processes": trainer.accelerator.num_processes,
    }  # fmt: skip
    if trainer.is_world_process_zero():
        write_curves(history, out, lang)
        fresh = out / "done.tmp"
        fresh.write_text(json.dumps(told), encoding="utf-8")
        fresh.replace(done)
    trainer.accelerator.wait_for_everyone()
    return Trained(adapter=out / ADAPTER, **told)


def _keep_curves(history: list[dict[str, Any]], out: Path, context: Context) -> None:
    write_curves(history, out, context.lang)


def _sharded(trainer: Any) -> bool:
    """Whether no process holds the whole model: then one alone cannot generate."""
    return bool(trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled)


def _sampler(
    recipe: Recipe, model: Any, processor: Any, dev: Sequence[Case], out: Path, context: Context,
    sharded: Callable[[], bool],
) -> Callable[[int], None]:  # fmt: skip
    """What the trainer calls after an epoch: answers to a few dev cases, always the same."""
    some = chosen(dev, recipe.steps.samples) if recipe.steps.samples else []

    def tell(step: int) -> None:
        if not some or sharded():
            log.info("no samples: %s", "the model is spread over processes" if some else "none are asked for")
            return
        longest = min(recipe.model.longest_edge or LARGEST, LARGEST)
        pictures = {case.key: _pictures(case, longest, context) for case in some}
        questions = [Asked(asked(case, recipe.prompt), lambda k=case.key: pictures[k]) for case in some]  # type: ignore[misc]
        said = answers(model, processor, questions, tokens=recipe.steps.sample_tokens, batch=recipe.steps.batch)
        told = [
            Sample(step, case.key, asked(case, recipe.prompt), answer_of(case, recipe.prompt), answer)
            for case, answer in zip(some, said, strict=True)
        ]
        add_samples(told, {key: seen[0] for key, seen in pictures.items()}, out / "samples", context.lang)

    return tell


def _pictures(case: Case, longest: int, context: Context) -> list[Image.Image]:
    return [picture_of(image, longest, context.settings) for image in case.images]
