"""The whole road on real films: freeze, train, compare, card, promote, back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.schema import Finding, Image, ImageVector
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.audit import verify
from prosvet.core.context import Context
from prosvet.core.errors import (
    ChallengerNotAssessed,
    ChallengerWorse,
    Forbidden,
    ModelNotFound,
    NotFound,
    RetrainingError,
)
from prosvet.core.settings import load_settings
from prosvet.imaging import load_film
from prosvet.models.card import cards, load_card, verified_path
from prosvet.models.deployed import deployed, history
from prosvet.models.examine import Examiner
from prosvet.training.pipeline import runs, train_head
from prosvet.training.pipeline.api import RetrainRequest, run
from prosvet.training.pipeline.freeze import frozen_rows
from prosvet.training.pipeline.head_graph import HeadGraph
from prosvet.training.pipeline.plan import Plan, Policy, TrainPlan
from prosvet.training.site.rescore_api import RescoreRequest
from prosvet.training.site.rescore_api import run as rescore

from .plans import plan_over

pytestmark = pytest.mark.timeout(300)  # the first of them waits for a whole run


def at(home: Path) -> Context:
    return Context(load_settings({}, home=home, threads=1, lang="en"))


def test_patients_stay_on_one_side_and_nothing_is_learned_from_that_judges(home: Path) -> None:
    rows = frozen_rows(home / "retraining" / "first")
    sides: dict[str, set[str]] = {}
    for row in rows:
        sides.setdefault(row.patient, set()).add(row.part)
    assert len(rows) == 220 and all(len(parts) == 1 for parts in sides.values())
    assert 0.15 < np.mean([parts == {"check"} for parts in sides.values()]) < 0.45


def test_a_better_model_is_found_better_and_promoted(home: Path) -> None:
    with at(home) as context:
        card = run(RetrainRequest(action="show", name="first"), context).runs[0].card
        assert card is not None and card.verdict == "may_pass"
        best = next(c for c in card.comparisons if c.concept == "consolidation" and c.metric == "auroc")
        assert best.verdict == "better" and best.difference is not None and best.difference > 0.1
        result = run(RetrainRequest(action="promote", name="first", by="Orlova", why="finds more"), context)
        assert result.in_force.model == "first" and result.in_force.by == "Orlova"
        assert result.in_force.evidence["data"] == card.data.manifest
        assert Examiner.from_context(context).ref.revision == load_card("first", home).revision
        events = [json.loads(line)["event"] for line in (home / "audit.jsonl").read_text().splitlines()]
        assert events[-1] == "retrain_promote" and verify(home / "audit.jsonl") is None


def test_the_card_is_whole_and_says_where_it_came_from(home: Path) -> None:
    card, parent = load_card("first", home), load_card("spoilt", home)
    assert [verified_path(card, part).name for part in card.files] == [f"{part}.onnx" for part in card.files]
    assert card.parents[0].name == "spoilt" and card.parents[0].revision == parent.revision
    assert card.parents[0].encoder_sha256 == parent.files["encoder"].sha256
    assert any("consolidation, auroc" in figure.metric for figure in card.figures)
    assert card.limits["ru"][0] != parent.limits["ru"][0]
    # Only heads that could be learned and judged moved: the vector and all other findings are those of the parent.
    old, new = (HeadGraph(verified_path(c, "encoder"), len(card.labels)) for c in (parent, card))
    assert old.width == new.width


def test_rolling_back_gives_the_same_scores_to_the_byte(home: Path, shared_data: Path) -> None:
    film = next(iter(sorted((shared_data / "fullsize").glob("*.png"))))
    with at(home) as context:
        settings = context.settings

        def answer() -> tuple[bytes, bytes]:
            made = Examiner.from_context(context).examine(load_film(film, settings))
            assert made.vector is not None
            return json.dumps(made.scores, sort_keys=True).encode(), made.vector.tobytes()

        before = answer()
        run(RetrainRequest(action="promote", name="first", by="Orlova", why="finds more"), context)
        after = answer()
        assert after[0] != before[0] and after[1] == before[1]
        result = run(RetrainRequest(action="back", by="Orlova", why="complaints"), context)
        assert result.in_force.model == "spoilt" and result.in_force.restores == 1
        assert answer() == before
        with pytest.raises(RetrainingError, match="promoted before"):
            run(RetrainRequest(action="promote", name="first", by="Orlova", why="again"), context)
        run(RetrainRequest(action="back", by="Orlova", why="again", to=2), context)
        assert answer() == after


def test_the_archive_is_read_again_by_the_model_in_force(home: Path, shared_data: Path) -> None:
    film = next(iter(sorted((shared_data / "fullsize").glob("*.png"))))

    def archived(context: Context) -> tuple[str, dict[str, float], set[str]]:
        with context.get(Store).read() as db:
            row = db.execute(select(ImageVector.model, Image.scores).join(Image)).one()
            claims = db.execute(select(Finding.origin).where(Finding.origin.startswith("model:"))).scalars()
            return row.model, row.scores, {origin.partition("@")[0] for origin in claims}

    with at(home) as context:
        ingest(IngestRequest(paths=(film,)), context)
        model, before, _ = archived(context)
        assert model == "spoilt"
        run(RetrainRequest(action="promote", name="first", by="Orlova", why="finds more"), context)
        done = rescore(RescoreRequest(), context)
        assert (done.films, done.examined) == (0, 1)
        model, after, claimed = archived(context)
        assert model == "first" and after != before and claimed <= {"model:first"}
        assert rescore(RescoreRequest(), context).examined == 0


def test_a_step_is_repeated_only_when_its_inputs_changed(home: Path, films: Path) -> None:
    with at(home) as context:
        again = run(RetrainRequest(action="run", name="first"), context)
        assert [one.repeated for one in again.done] == [False] * 4
        plan = again.runs[0].plan
        stricter = plan.model_copy(update={"policy": Policy(critical=("consolidation",), margin_auroc=0.01)})
        changed = run(RetrainRequest(action="run", name="first", plan=stricter), context)
        assert [one.repeated for one in changed.done] == [False, False, False, True]
        other = plan.model_copy(update={"freeze": plan.freeze.model_copy(update={"seed": 9})})
        with pytest.raises(RetrainingError, match="frozen"):
            run(RetrainRequest(action="run", name="first", plan=other), context)


def test_a_worse_model_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What training gives is noise: the card finds it, nobody can promote it, and what is in force stays."""
    real = train_head.refit_head

    def noisy(features, logits, labels, patients, card, concepts, seed):  # type: ignore[no-untyped-def]
        made = real(features, logits, labels, patients, card, concepts, seed)
        random = np.random.default_rng(1)
        column = card.labels.index("pleural_effusion")
        made.slopes[column] = random.normal(scale=1.0, size=made.slopes.shape[1])
        return made

    monkeypatch.setattr(train_head, "refit_head", noisy)
    with at(home) as context:
        plan = run(RetrainRequest(action="show", name="first"), context).runs[0].plan
        other = plan.model_copy(update={"train": TrainPlan(seed=2)})
        view = run(RetrainRequest(action="run", name="noise", plan=other), context).runs[0]
        assert view.card is not None and view.card.verdict == "worse"
        assert ("pleural_effusion", "worse") in {(a.concept, a.reason) for a in view.card.against}
        with pytest.raises(ChallengerWorse) as refused:
            run(RetrainRequest(action="promote", name="noise", by="Orlova", why="hope"), context)
        assert (refused.value.code, refused.value.exit_code) == ("challenger_worse", 1)
        assert deployed(context.settings).model == "spoilt" and len(history(context.settings)) == 1


def test_what_cannot_be_judged_is_refused(home: Path) -> None:
    with at(home) as context:
        view = run(RetrainRequest(action="show", name="first"), context).runs[0]
        many = view.plan.model_copy(update={"policy": Policy(least=500, critical=())})
        judged = run(RetrainRequest(action="run", name="first", plan=many), context).runs[0]
        assert judged.card is not None and judged.card.verdict == "not_assessed"
        with pytest.raises(ChallengerNotAssessed):
            run(RetrainRequest(action="promote", name="first", by="Orlova", why="hope"), context)


def test_only_a_named_senior_promotes_with_a_reason(home: Path) -> None:
    with at(home) as context:
        asked = RetrainRequest(action="promote", name="first", by="Orlova", why="better")
        with pytest.raises(Forbidden):
            run(asked, context.child(actor=Actor("petrova", "reader")))
        for lacking in ({"by": ""}, {"why": " "}):
            with pytest.raises(RetrainingError):
                run(asked.model_copy(update=lacking), context)
        named = run(asked, context.child(actor=Actor("sidorova", "senior")))
        assert named.in_force.by == "sidorova"


def test_another_model_in_force_makes_the_comparison_void(home: Path) -> None:
    with at(home) as context:
        run(RetrainRequest(action="back", by="Orlova", why="for now", to=0), context)
        with pytest.raises(RetrainingError, match="compared with spoilt"):
            run(RetrainRequest(action="promote", name="first", by="Orlova", why="better"), context)


def test_a_name_that_another_model_has_is_refused(senior: Context, films: Path) -> None:
    with pytest.raises(RetrainingError, match="belongs to another model"):
        run(RetrainRequest(action="run", name="compact", plan=plan_over(films)), senior)
    assert not (senior.settings.home / "retraining").exists()


def test_a_model_that_was_taken_away_is_published_again(home: Path) -> None:
    (home / "models" / "first.toml").unlink()
    with at(home) as context:
        again = run(RetrainRequest(action="run", name="first"), context)
        assert [one.repeated for one in again.done] == [False, False, False, True]
        assert load_card("first", home).name == "first"


def test_a_changed_manifest_is_refused(home: Path) -> None:
    path = home / "retraining" / "first" / "freeze" / "manifest.jsonl"
    path.write_text(path.read_text().replace('"consolidation":1', '"consolidation":0', 1))
    with at(home) as context, pytest.raises(RetrainingError):
        run(RetrainRequest(action="train", name="first"), context)


def test_steps_out_of_turn_and_unknown_runs_are_refused(senior: Context) -> None:
    with pytest.raises(NotFound):
        run(RetrainRequest(action="train", name="nowhere"), senior)
    assert not (senior.settings.home / "retraining" / "nowhere").exists()
    with pytest.raises(RetrainingError, match="nothing to learn"):
        run(RetrainRequest(action="freeze", name="empty", plan=Plan()), senior)
    with pytest.raises(RetrainingError, match="too early"):
        run(RetrainRequest(action="evaluate", name="empty"), senior)


def test_a_stopped_publication_leaves_no_model(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prosvet.training.pipeline import pack_folder

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with at(home) as context:
        plan = run(RetrainRequest(action="show", name="first"), context).runs[0].plan
        stricter = plan.model_copy(update={"policy": Policy(critical=("consolidation",), margin_auroc=0.2)})
        monkeypatch.setattr(pack_folder, "write_card", stop)
        with pytest.raises(KeyboardInterrupt):
            run(RetrainRequest(action="run", name="first", plan=stricter), context)
        assert "first" not in cards(home)
        with pytest.raises(ModelNotFound):
            load_card("first", home)
        monkeypatch.undo()
        os.environ["PROSVET_HOME"] = str(home)
        run(RetrainRequest(action="run", name="first"), context)
        assert load_card("first", home).revision


def test_runs_are_listed_with_their_steps(home: Path) -> None:
    with at(home) as context:
        result = run(RetrainRequest(), context)
        assert [one.name for one in result.runs] == ["first"]
        assert [step.state for step in result.runs[0].steps] == ["done"] * 4 + ["waiting"]
        assert runs.names(context) == ["first"]
