"""Scores before and after, on the test side: the caption alone without a leak, beside the published way with its leak.

Five ways of asking the same cases:

- ``image``: the instruction and the film. Nothing of the answer stands in the prompt.
- ``image_case``: the clinical case too. Its text often names sex and age, and sometimes what the film shows.
- ``other_image``: the clinical case with another patient's film. What ``image_case`` scores above it, the film gave.
- ``blank``: the instruction and a grey picture.
- ``published``: ``image_case``, but the whole line of four fields is scored: sex and age can be copied off the prompt.

In all but the last the caption alone is scored. The metrics and their controls are those of ``prosvet evaluate
reports``; each way's full evaluation lies in ``score/``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from prosvet.core.context import Context
from prosvet.core.types import Frozen
from prosvet.evaluation.reports.api import ReportsRequest
from prosvet.evaluation.reports.api import run as evaluate
from prosvet.evaluation.result import Evaluation, Figure, Items
from prosvet.evaluation.statistics import compare_items
from prosvet.training.vlm.case import Case, chosen, one_line
from prosvet.training.vlm.generate import Asked, answers, shuffled_partner
from prosvet.training.vlm.load import adapter_from, load_base, load_processor
from prosvet.training.vlm.pictures import blank_like, picture_of
from prosvet.training.vlm.prompts import answer_of, asked, caption_in
from prosvet.training.vlm.recipe import Recipe
from prosvet.training.vlm.rows import LARGEST
from prosvet.training.vlm.run import adapter_of, prepare, side

__all__ = ["SHOWN", "WAYS", "Scores", "WayScores", "generate_ways", "load_for", "score", "score_folder"]

log = logging.getLogger(__name__)

When = Literal["before", "after"]
Way = Literal["image", "image_case", "other_image", "blank", "published"]
WAYS: tuple[Way, ...] = ("image", "image_case", "other_image", "blank", "published")
_GENERATED: tuple[Way, ...] = ("image", "image_case", "other_image", "blank")
SHOWN = (
    "rouge_1", "rouge_2", "rouge_l", "bleu_1", "bleu_4", "meteor", "bertscore_precision", "bertscore_recall",
    "bertscore_f1",
)  # fmt: skip


class WayScores(Frozen):
    """One way of asking, before or after.

    Attributes
    ----------
    metrics : dict of name to Figure
        With 95 % intervals, drawn by patient. A metric that was not computed is not here.
    well_formed : float
        Share of answers that were written as they should be, 0..1.
    leak : bool
        Whether what is scored stands in the prompt.
    image_use : str
        The verdict of the controls: ``shown``, ``not_shown`` or ``not_tested``.
    """

    when: When
    way: Way
    n: int
    metrics: dict[str, Figure]
    well_formed: float
    leak: bool
    image_use: str


class Scores(Frozen):
    """All of them, and what the film adds.

    Attributes
    ----------
    film_adds : dict of ``before`` and ``after`` to Figure
        ROUGE-L of ``image_case`` less that of ``other_image``, paired by case.
    tuning_adds : dict of way to Figure
        ROUGE-L after less before.
    missing : tuple of str
        Metrics that were not computed, for want of a model.
    """

    ways: tuple[WayScores, ...]
    film_adds: dict[str, Figure]
    tuning_adds: dict[str, Figure]
    missing: tuple[str, ...]


def load_for(recipe: Recipe, out: Path) -> tuple[Any, Any]:
    """The tuned model of a run, whose adapter can be switched off, and its processor.

    Raises
    ------
    TuningError
        When the run has not been trained to its end.
    """
    adapter = adapter_of(out)
    return adapter_from(load_base(recipe.model), adapter, trainable=False), load_processor(recipe.model)


def score(recipe: Recipe, out: Path, context: Context) -> Scores:
    """Answer the test cases before and after, and evaluate each way. What was answered before a stop is kept.

    Raises
    ------
    TuningError
        When the run has not been trained to its end.
    """
    cases, _ = prepare(recipe, out, context)
    tested = chosen(side(cases, "test"), recipe.score.cases)
    model, processor = load_for(recipe, out)
    found: dict[tuple[When, Way], Evaluation] = {}
    formed: dict[tuple[When, Way], float] = {}
    for when in ("before", "after"):
        off: AbstractContextManager[Any] = model.disable_adapter() if when == "before" else nullcontext()
        with off:
            raw = generate_ways(recipe, model, processor, tested, out / "score" / when, context)
        for way, (evaluation, share) in score_folder(recipe, tested, raw, out / "score" / when, context).items():
            found[when, way], formed[when, way] = evaluation, share
    return _scores(recipe, found, formed)


def generate_ways(
    recipe: Recipe, model: Any, processor: Any, cases: Sequence[Case], folder: Path, context: Context,
    ways: Sequence[Way] = _GENERATED,
) -> dict[Way, list[str]]:  # fmt: skip
    """What the model says of the cases, by way; kept in ``WAY.raw.jsonl`` and not asked again."""
    folder.mkdir(parents=True, exist_ok=True)
    return {way: _kept(recipe, model, processor, cases, way, folder / f"{way}.raw.jsonl", context) for way in ways}


def _kept(
    recipe: Recipe, model: Any, processor: Any, cases: Sequence[Case], way: Way, path: Path, context: Context
) -> list[str]:
    known: dict[str, str] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                break  # the line that was being written when the run was stopped
            known[row["id"]] = row["answer"]
    todo = [case for case in cases if case.key not in known]
    path.write_text("".join(_line(key, said) for key, said in known.items()), encoding="utf-8")
    questions = _questions(recipe, cases, way, context)
    some = [questions[case.key] for case in todo]
    said = answers(model, processor, some, tokens=recipe.score.tokens, batch=recipe.score.batch)
    with path.open("a", encoding="utf-8") as stream:
        for case, answer in context.progress.track(zip(todo, said, strict=True), "tune_score", len(todo)):
            known[case.key] = answer
            stream.write(_line(case.key, answer))
            stream.flush()
    return [known[case.key] for case in cases]


def _line(key: str, answer: str) -> str:
    return json.dumps({"id": key, "answer": answer}, ensure_ascii=False) + "\n"


def _questions(recipe: Recipe, cases: Sequence[Case], way: Way, context: Context) -> dict[str, Asked]:
    partner = shuffled_partner(cases) if way == "other_image" else list(range(len(cases)))
    longest = min(recipe.model.longest_edge or LARGEST, LARGEST)
    words: Literal["image", "image_case"] = "image" if way in ("image", "blank") else "image_case"

    def looked(row: int) -> Callable[[], list[Image.Image]]:
        def look() -> list[Image.Image]:
            seen = [picture_of(image, longest, context.settings) for image in cases[partner[row]].images]
            return [blank_like(picture) for picture in seen] if way == "blank" else seen

        return look

    return {case.key: Asked(asked(case, recipe.prompt, words), looked(row)) for row, case in enumerate(cases)}


def score_folder(
    recipe: Recipe, cases: Sequence[Case], raw: dict[Way, list[str]], folder: Path, context: Context
) -> dict[Way, tuple[Evaluation, float]]:
    """The evaluation of each way, with the share of well-formed answers; written beside the answers."""
    captions = {way: [caption_in(answer, recipe.prompt) for answer in said] for way, said in raw.items()}
    references = _write(folder / "references.jsonl", cases, [one_line(case.text) for case in cases])
    made: dict[Way, tuple[Evaluation, float]] = {}
    files = {way: _write(folder / f"{way}.jsonl", cases, [c for c, _ in said]) for way, said in captions.items()}
    for way, path in files.items():
        blank = files["blank"] if way in ("image", "image_case") and "blank" in files else None
        evaluation = _evaluated(recipe, path, references, context, blank)
        made[way] = evaluation, sum(ok for _, ok in captions[way]) / len(cases)
    if recipe.prompt.answer == "four_fields" and "image_case" in raw:
        lines = _write(folder / "published.references.jsonl", cases, [answer_of(c, recipe.prompt) for c in cases])
        said = _write(folder / "published.jsonl", cases, [one_line(answer) for answer in raw["image_case"]])
        made["published"] = _evaluated(recipe, said, lines, context, None), made["image_case"][1]
    for way, (evaluation, _) in made.items():
        (folder / f"{way}.json").write_text(evaluation.model_dump_json(indent=1), encoding="utf-8")
    return made


def _write(path: Path, cases: Sequence[Case], texts: Sequence[str]) -> Path:
    rows: Iterator[str] = (
        json.dumps({"id": case.key, "text": text, "patient": f"{case.source}:{case.patient}"}, ensure_ascii=False)
        for case, text in zip(cases, texts, strict=True)
    )
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _evaluated(recipe: Recipe, said: Path, references: Path, context: Context, blank: Path | None) -> Evaluation:
    plan = recipe.score
    request = ReportsRequest(
        predictions=said, references=references, blank=blank, bertscore=plan.bertscore,
        bertscore_layer=plan.bertscore_layer, wordnet=plan.wordnet, resamples=plan.resamples,
    )  # fmt: skip
    return evaluate(request, context)


def _scores(recipe: Recipe, found: dict[tuple[When, Way], Evaluation], formed: dict[tuple[When, Way], float]) -> Scores:
    ways = tuple(
        WayScores(
            when=when,
            way=way,
            n=len(evaluation.items.ids),
            metrics={name: evaluation.metrics[name] for name in SHOWN if name in evaluation.metrics},
            well_formed=formed[when, way],
            leak=way == "published",
            image_use=str(evaluation.controls.get("image_use", "not_tested")),
        )
        for (when, way), evaluation in found.items()
    )
    times: tuple[When, ...] = ("before", "after")
    film: dict[str, Figure] = {
        when: _gap(found[when, "other_image"].items, found[when, "image_case"].items) for when in times
    }
    tuned: dict[str, Figure] = {
        way: _gap(found["before", way].items, found["after", way].items) for way in WAYS if ("before", way) in found
    }
    there = {name for one in ways for name in one.metrics}
    return Scores(
        ways=ways, film_adds=film, tuning_adds=tuned, missing=tuple(name for name in SHOWN if name not in there)
    )


def _gap(first: Items, second: Items) -> Figure:
    """ROUGE-L of `second` less that of `first`, paired by case, drawn by patient."""
    gap = compare_items("mean:rouge_l", first, second, resamples=2000, seed=0, higher_is_better=True).difference
    return Figure(value=gap.value, low=gap.low, high=gap.high, n=gap.n, method="bootstrap_patients")
