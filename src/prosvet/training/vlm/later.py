"""What is done with trained runs: an adapter merged into its base, a promotion, the term's ablation."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prosvet.core.context import Context
from prosvet.core.errors import TuningError
from prosvet.core.types import Frozen
from prosvet.evaluation.result import Figure, Items
from prosvet.evaluation.statistics import compare_items
from prosvet.training.vlm.cards import CARD, tuned_card, write_card
from prosvet.training.vlm.case import Case, chosen, read_cases
from prosvet.training.vlm.continual import Forgetting, judge
from prosvet.training.vlm.generate import losses
from prosvet.training.vlm.load import adapter_from, load_base, load_processor
from prosvet.training.vlm.recipe import Recipe
from prosvet.training.vlm.rows import CaseRows
from prosvet.training.vlm.run import ADAPTER, CASES, Trained, adapter_of, prepare, record_of, side, train
from prosvet.training.vlm.score import generate_ways, load_for, score_folder

__all__ = ["Ablation", "ablate", "merge", "promote"]

log = logging.getLogger(__name__)

MERGED, PROMOTED = "merged", "promoted.json"


class Ablation(Frozen):
    """The same recipe with and without the self-refining term.

    Attributes
    ----------
    weight : float
    plain, refined : dict of figure to value
        On the test side: ``loss`` a token of the right answer (nats), ``rouge_l`` of the caption alone.
    differences : dict of figure to Figure
        Refined less plain, paired by case, drawn by patient.
    """

    weight: float
    cases: int
    plain: dict[str, float]
    refined: dict[str, float]
    differences: dict[str, Figure]


def merge(recipe: Recipe, out: Path) -> Path:
    """The adapter added into the weights of its base, unquantised: a folder that loads like any model.

    Raises
    ------
    TuningError
        When the run has not been trained to its end.
    """
    adapter = adapter_of(out)
    model = adapter_from(load_base(recipe.model, quantise=False), adapter, trainable=False).merge_and_unload()
    fresh, done = out / "merged.tmp", out / MERGED
    shutil.rmtree(fresh, ignore_errors=True)
    model.save_pretrained(str(fresh))
    load_processor(recipe.model).save_pretrained(str(fresh))
    shutil.rmtree(done, ignore_errors=True)
    fresh.rename(done)
    return done


def promote(recipe: Recipe, out: Path, context: Context) -> Forgetting:
    """Hold the run against the former one on the former's test side; ``promoted.json`` says that it passed.

    ``card.toml`` beside it opens the base model with the adapter by ``prosvet models add``.

    Raises
    ------
    TuningError
        When the recipe names no former run, or one of the two is not trained.
    TunedWorse
        When it forgot, or may have.
    """
    former = recipe.continual.former
    if former is None:
        raise TuningError(reason="no_former", name=recipe.name)
    for name in (PROMOTED, CARD):
        (out / name).unlink(missing_ok=True)
    frozen = chosen(side(read_cases(former / CASES, record_of(former).cases), "test"), recipe.score.cases)
    items = [_items(recipe, run, frozen, out / "frozen" / name, context)
             for run, name in ((former, "former"), (out, "new"))]  # fmt: skip
    told = judge(items[0], items[1], recipe.continual)
    write_card(tuned_card(recipe, out / ADAPTER, told), out / CARD)
    (out / PROMOTED).write_text(told.model_dump_json(indent=1), encoding="utf-8")
    return told


def _items(recipe: Recipe, run: Path, cases: Sequence[Case], folder: Path, context: Context) -> Items:
    """Case by case: the loss of the right answer, and ROUGE-L of what the run's model says."""
    model, processor = load_for(recipe, run)
    raw = generate_ways(recipe, model, processor, cases, folder, context, ways=("image_case",))
    scored = score_folder(recipe, cases, raw, folder, context)["image_case"][0].items
    rouge = dict(zip(scored.ids, scored.columns["rouge_l"], strict=True))
    rows = CaseRows(cases, recipe.prompt, context.settings, recipe.model.longest_edge)
    lost = losses(model, _collator(processor), rows)
    return Items(
        ids=tuple(case.key for case in cases),
        groups=tuple(f"{case.source}:{case.patient}" for case in cases),
        columns={"loss": tuple(lost), "rouge_l": tuple(rouge[case.key] for case in cases)},
    )


def _collator(processor: Any) -> Any:
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    return DataCollatorForVisionLanguageModeling(processor=processor, max_length=None, completion_only_loss=True)


def ablate(recipe: Recipe, out: Path, context: Context) -> Ablation:
    """Train the recipe twice, without and with its self-refining term, and compare the two on the test side.

    Raises
    ------
    TuningError
        When the recipe's weight is 0.
    """
    if not recipe.refine.weight:
        raise TuningError(reason="no_weight", name=recipe.name)
    plain = recipe.model_copy(update={"refine": recipe.refine.model_copy(update={"weight": 0.0})})
    runs: dict[str, Recipe] = {"plain": plain, "refined": recipe}
    items: dict[str, Items] = {}
    for name, one in runs.items():
        trained: Trained = train(one, out / name, context)
        log.info("%s: loss %.4f to %.4f in %d steps", name, trained.first, trained.last, trained.steps)
        cases, _ = prepare(one, out / name, context)
        tested = chosen(side(cases, "test"), recipe.score.cases)
        items[name] = _items(one, out / name, tested, out / name / "score", context)
    gaps, values = {}, ({}, {})  # type: tuple[dict[str, Figure], tuple[dict[str, float], dict[str, float]]]
    for figure, higher in (("loss", False), ("rouge_l", True)):
        found = compare_items(
            f"mean:{figure}", items["plain"], items["refined"], resamples=2000, seed=0, higher_is_better=higher
        )
        values[0][figure], values[1][figure] = found.first, found.second
        gap = found.difference
        gaps[figure] = Figure(value=gap.value, low=gap.low, high=gap.high, n=gap.n, higher_is_better=higher)
    told = Ablation(
        weight=recipe.refine.weight, cases=len(items["plain"].ids), plain=values[0], refined=values[1],
        differences=gaps,
    )  # fmt: skip
    (out / "ablation.json").write_text(json.dumps(told.model_dump(mode="json"), indent=1), encoding="utf-8")
    return told
