"""Scores before and after, the self-refining term, and the check that nothing was forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from prosvet.core.errors import ModelHashMismatch, TunedWorse, TuningError
from prosvet.evaluation.result import Items
from prosvet.models.api import ModelsRequest
from prosvet.models.api import run as verified
from prosvet.models.vlm import Picture, Question, open_reader
from prosvet.models.vlm.add import add_card
from prosvet.training.vlm.case import Case
from prosvet.training.vlm.continual import judge
from prosvet.training.vlm.generate import shuffled_partner
from prosvet.training.vlm.recipe import Continual, Recipe

from .conftest import Workshop

pytestmark = pytest.mark.timeout(300)


def items(rouge: list[float], loss: list[float]) -> Items:
    ids = tuple(f"c{n}" for n in range(len(rouge)))
    return Items(ids=ids, groups=ids, columns={"rouge_l": tuple(rouge), "loss": tuple(loss)})


FORMER = items([0.5 + 0.01 * (n % 7) for n in range(60)], [1.0 + 0.01 * (n % 5) for n in range(60)])
PLAN = Continual(margin=0.05, margin_loss=0.1, least=30)


def moved(rouge: float, loss: float, spread: float = 0.0) -> Items:
    """The former's columns, moved; every other case by `spread` more, and the next by as much less."""
    signs = [1 if n % 2 else -1 for n in range(60)]
    return items(
        [float(v or 0) + rouge + spread * s for v, s in zip(FORMER.columns["rouge_l"], signs, strict=True)],
        [float(v or 0) + loss for v in FORMER.columns["loss"]],
    )


def test_a_model_that_is_as_good_may_be_promoted() -> None:
    told = judge(FORMER, moved(0.0, 0.0), PLAN)
    assert (told.cases, told.patients) == (60, 60)
    assert told.differences["rouge_l"].value == 0
    assert judge(FORMER, moved(0.1, -0.2), PLAN).new["rouge_l"] > told.former["rouge_l"]


@pytest.mark.parametrize(
    ("new", "reason", "name"),
    [
        (moved(-0.02, 0.0), "forgot", "rouge_l"),  # worse beyond the interval, however little
        (moved(0.0, 0.5), "forgot", "loss"),
        (moved(0.0, 0.0, spread=0.4), "may_have_forgotten", "rouge_l"),  # no worse on average, but who knows
    ],
)
def test_a_model_that_forgot_or_may_have_is_refused(new: Items, reason: str, name: str) -> None:
    with pytest.raises(TunedWorse) as told:
        judge(FORMER, new, PLAN)
    assert (told.value.details["reason"], told.value.details["name"]) == (reason, name)
    assert "95 %" in told.value.message("ru")


def test_too_few_patients_tell_nothing() -> None:
    few = items([0.5] * 5, [1.0] * 5)
    with pytest.raises(TunedWorse, match="5 patients"):
        judge(few, few, PLAN)


def test_nobody_is_shown_their_own_film_in_the_shuffled_control() -> None:
    cases = [Case(str(n), "s", f"p{n // 3}", (), "") for n in range(20)]
    partner = shuffled_partner(cases)
    assert sorted(partner) == list(range(20))
    assert all(cases[other].patient != case.patient for case, other in zip(cases, partner, strict=True))


def test_the_refining_term_is_small_where_a_report_lies_by_its_image() -> None:
    import torch

    from prosvet.training.vlm.refine import refining_loss

    ids = torch.tensor([[9, 9, 1, 2, 3], [9, 9, 1, 2, 3]])
    labels = torch.tensor([[-100, -100, -100, 2, 3], [-100, -100, -100, 2, 3]])
    entered = torch.zeros(2, 5, 4)
    entered[0, :2, 0] = entered[1, :2, 1] = 1.0
    left = torch.full((2, 5, 4), 7.0)  # places that generate nothing do not count
    left[0, 2:4] = torch.tensor([2.0, 0, 0, 0])
    left[1, 2:4] = torch.tensor([0, 3.0, 0, 0])
    assert float(refining_loss(entered, left, ids, labels, 9)) == pytest.approx(0.0, abs=1e-6)
    assert float(refining_loss(entered, left.flip(0), ids, labels, 9)) == pytest.approx(1.0)
    near = refining_loss(entered, left, ids, labels, 9, kind="contrastive")
    far = refining_loss(entered, left.flip(0), ids, labels, 9, kind="contrastive")
    assert float(near) < 1e-5 < float(far)
    same = left.clone()
    same[:] = torch.tensor([1.0, 0, 0, 0])  # all states one way: the cosine is content with half, the contrast is not
    assert float(refining_loss(entered, same, ids, labels, 9, kind="contrastive")) > 0.6


def test_the_term_changes_what_is_learned_and_the_ablation_says_by_how_much(workshop: Workshop) -> None:
    from prosvet.training.vlm.later import ablate

    steps = {"most": 6, "evaluate_every": 6, "samples": 0}
    with pytest.raises(TuningError, match="no weight"):
        ablate(workshop.recipe(steps=steps), workshop.root / "none", workshop.context)
    recipe = workshop.recipe(steps=steps, refine={"weight": 5.0})
    out = workshop.root / "ablation"
    told = ablate(recipe, out, workshop.context)
    assert told.weight == 5.0
    assert told.plain["loss"] != told.refined["loss"]
    low, value, high = (getattr(told.differences["loss"], name) for name in ("low", "value", "high"))
    assert low <= value <= high
    assert value == pytest.approx(told.refined["loss"] - told.plain["loss"])
    history = json.loads((out / "refined" / "curves.json").read_text())["history"]
    terms = [float(row["refine"]) for row in history if "refine" in row]
    assert terms[-1] < terms[0]  # what was asked for happened: the two came closer
    assert "refine" not in json.loads((out / "plain" / "curves.json").read_text())["history"][0]


def test_scores_stand_side_by_side_without_and_with_the_leak(
    workshop: Workshop, finished: tuple[Recipe, Path, Any]
) -> None:
    from prosvet.training.vlm.run import record_of
    from prosvet.training.vlm.score import WAYS, score

    recipe, out, _ = finished
    told = score(recipe, out, workshop.context)
    found = {(one.when, one.way): one for one in told.ways}
    assert set(found) == {(when, way) for when in ("before", "after") for way in WAYS}
    assert [way for (when, way), one in found.items() if one.leak and when == "after"] == ["published"]
    for one in found.values():
        assert {"rouge_1", "rouge_2", "rouge_l", "bleu_4", "meteor"} <= set(one.metrics)
        assert one.n == record_of(out).sides["test"]
    assert told.missing == ("bertscore_precision", "bertscore_recall", "bertscore_f1")
    assert set(told.film_adds) == {"before", "after"}
    folder = out / "score" / "after"
    asked = [json.loads(line) for line in (folder / "references.jsonl").read_text().splitlines()]
    assert all(row["text"].startswith("Chest X-ray shows") for row in asked)  # the caption alone
    lines = (folder / "published.references.jsonl").read_text()
    assert "| male |" in lines
    before = (folder / "image.raw.jsonl").stat().st_size
    cut = (folder / "image.raw.jsonl").read_text().splitlines()
    (folder / "image.raw.jsonl").write_text("\n".join(cut[:2]) + '\n{"id": "half')
    again = score(recipe, out, workshop.context)  # goes on after the second answer
    assert again == told
    assert (folder / "image.raw.jsonl").stat().st_size == before


def test_learning_on_starts_from_the_former_adapter_replays_and_is_checked(
    workshop: Workshop, finished: tuple[Recipe, Path, Any]
) -> None:
    from prosvet.training.vlm.later import promote
    from prosvet.training.vlm.run import record_of, train
    from vlm_folders import made_padchest

    steps = {"most": 4, "evaluate_every": 4, "samples": 0}
    former = {"former": str(finished[1]), "replay": 0.4}
    more = workshop.recipe(steps=steps, name="more", continual=former)  # more of the same
    trained = train(more, workshop.root / "more", workshop.context)
    assert trained.first < finished[2].first - 0.5  # it knows something already
    told = promote(more, workshop.root / "more", workshop.context)
    assert told.cases == record_of(finished[1]).sides["test"]
    assert told.new["loss"] < told.former["loss"]
    assert (workshop.root / "more" / "promoted.json").is_file()
    _the_door_says_the_same(more, workshop.root / "more", workshop)

    data = made_padchest(workshop.root / "padchest")
    source = {"kind": "padchest", "path": str(data), "target": "rendered", "lang": "ru"}
    other = workshop.recipe(steps=steps, name="other", sources=[source], continual=former)  # another language
    train(other, workshop.root / "other", workshop.context)
    record = record_of(workshop.root / "other")
    assert record.replayed == round(0.4 * record.sides["train"])
    with pytest.raises(TunedWorse, match="loss is worse by"):
        promote(other, workshop.root / "other", workshop.context)
    assert not (workshop.root / "other" / "promoted.json").exists()


def _the_door_says_the_same(recipe: Recipe, out: Path, workshop: Workshop) -> None:
    """What the promoted model says in the trainer's hands, it says behind the door, token by token."""
    from prosvet.training.vlm.generate import Asked, answers
    from prosvet.training.vlm.pictures import picture_of
    from prosvet.training.vlm.prompts import asked
    from prosvet.training.vlm.run import prepare, side
    from prosvet.training.vlm.score import load_for

    context = workshop.context
    name = add_card(str(out / "card.toml"), context)
    reader = open_reader(name, context)
    model, processor = load_for(recipe, out)
    for case in side(prepare(recipe, out, context)[0], "test")[:2]:
        film, words = picture_of(case.images[0], 2048, context.settings), asked(case, recipe.prompt)
        (said,) = answers(model, processor, [Asked(words, lambda film=film: [film])], tokens=12, batch=1)
        answer = reader.generate(Question(words, (Picture(film, "frontal"),), max_tokens=12))
        assert answer.text == said != ""
        with model.disable_adapter():
            (before,) = answers(model, processor, [Asked(words, lambda film=film: [film])], tokens=12, batch=1)
        assert before != said  # the adapter is what makes the difference
    reader.close()
    assert verified(ModelsRequest(action="verify", name=name), context).ok
    config = out / "adapter" / "adapter_config.json"
    config.write_text(config.read_text() + "\n")
    assert not verified(ModelsRequest(action="verify", name=name), context).ok
    with pytest.raises(ModelHashMismatch):
        open_reader(name, context)


def test_what_is_not_trained_is_neither_scored_nor_merged(workshop: Workshop) -> None:
    from prosvet.training.vlm.later import merge, promote
    from prosvet.training.vlm.score import load_for

    recipe = workshop.recipe()
    for refused in (lambda: load_for(recipe, workshop.root / "no"), lambda: merge(recipe, workshop.root / "no")):
        with pytest.raises(TuningError, match="not been trained"):
            refused()
    with pytest.raises(TuningError, match="no former run"):
        promote(recipe, workshop.root / "no", workshop.context)
