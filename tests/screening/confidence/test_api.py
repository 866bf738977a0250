"""The comparison on an archive, and a calibration whose line abstains in doubt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from prosvet.archive.schema_screen import ScreenKnown
from prosvet.archive.store import Store
from prosvet.core.context import Actor, Context
from prosvet.core.errors import Forbidden, ScreeningError
from prosvet.core.types import Gates, View
from prosvet.screening.calibrate_api import CalibrateRequest, operating_point
from prosvet.screening.calibrate_api import run as calibrate
from prosvet.screening.calibrations import calibration, known_vectors
from prosvet.screening.confidence.api import ConfidenceRequest, run
from prosvet.screening.confidence.calibrated import UnsureChoice
from prosvet.screening.confidence.folds import set_aside
from prosvet.screening.decide import Seen, decide
from prosvet.screening.words import doubt
from screening.confidence.worlds import GATES, archive, hidden, only_score


@pytest.fixture
def labels(context: Context, tmp_path: Path) -> Path:
    """900 studies of the world where the errors hang on a mark that the vector shows."""
    return archive(hidden(np.random.default_rng(0), 900, width=512), context, tmp_path)


def test_the_comparison_says_which_measure_to_use(labels: Path, context: Context) -> None:
    found = run(ConfidenceRequest(labels=labels, resamples=200), context)
    assert (found.n, found.patients, found.unknown) == (900, 900, 0) and found.chosen in ("meta", "learned")
    assert [one.method for one in found.methods] == ["score", "temperature", "distance", "learned", "meta"]
    assert found.wrong.k == round(found.methods[0].risks[-1].value * 900)
    assert "80 %" in found.words and found.point == operating_point(context)
    assert '"screen_confidence"' in (context.settings.home / "audit.jsonl").read_text()
    sources = run(ConfidenceRequest(labels=labels, across="source", resamples=200), context)
    assert sources.chosen in ("meta", "learned")  # both sources are of one world here


def test_where_nothing_beats_the_score_it_is_said(context: Context, tmp_path: Path) -> None:
    known = only_score(np.random.default_rng(1), 600)
    padded = np.pad(known.facts.vectors, ((0, 0), (0, 504)))
    object.__setattr__(known.facts, "vectors", padded)
    found = run(ConfidenceRequest(labels=archive(known, context, tmp_path), resamples=200), context)
    assert found.chosen == "score" and "Ни одна" in found.words


def test_what_is_unknown_is_counted_and_too_little_is_refused(labels: Path, context: Context, tmp_path: Path) -> None:
    lines = labels.read_text().splitlines(True)
    more, few = tmp_path / "more.csv", tmp_path / "few.csv"
    more.write_text("".join(lines) + "elsewhere,1,q\n")
    few.write_text("".join(lines[:50]))
    found = run(ConfidenceRequest(labels=more, resamples=100), context)
    assert found.unknown == 1 and found.n == 900 and any("1" in warning for warning in found.warnings)
    with pytest.raises(ScreeningError) as caught:
        run(ConfidenceRequest(labels=few), context)
    assert caught.value.details["reason"] == "too_few_errors"
    with pytest.raises(Forbidden):
        run(ConfidenceRequest(labels=labels), context.child(actor=Actor("ivanov", "reader")))


def test_the_rule_is_fitted_on_patients_that_no_threshold_has_seen(labels: Path, context: Context) -> None:
    choice = UnsureChoice(share=0.4)
    found = calibrate(CalibrateRequest(labels=labels, max_missed=0.1, unsure=choice), context)
    assert found.unsure is not None and found.unsure.rule is not None
    aside = sum(set_aside(f"p{n}", 0.4) for n in range(900))
    assert found.unsure.aside == aside == found.unsure.rule.n and found.n == 900 - aside
    assert found.threshold <= operating_point(context) and found.risks[0].bound <= 0.1
    assert found.unsure.wrong.value > 2 * found.unsure.sure_wrong.value  # type: ignore[operator]
    assert found.unsure.without is not None and found.cleared.value > found.unsure.without.value  # type: ignore[operator]
    plain = calibrate(CalibrateRequest(labels=labels, max_missed=0.1), context)
    assert plain.unsure is None and plain.n == 900 and plain.data_sha256 == found.data_sha256
    with context.get(Store).read() as db:
        known = ScreenKnown.calibration_id == found.id, ScreenKnown.abnormal, ScreenKnown.score < found.threshold
        assert len(db.execute(select(ScreenKnown.study_id).where(*known)).all()) < 900 * 0.4 * 0.1


def test_a_study_that_the_rule_doubts_is_not_released(labels: Path, context: Context) -> None:
    asked = CalibrateRequest(labels=labels, max_missed=0.1, distance_quantile=1.0, unsure=UnsureChoice(share=0.4))
    kept = calibration(context, calibrate(asked, context).id)
    films, known = known_vectors(context, kept.id), hidden(np.random.default_rng(0), 900, width=512)
    assert kept.rule is not None
    doubted = kept.rule.holds(known.facts) & (known.facts.score < kept.threshold)
    sure = ~kept.rule.holds(known.facts) & (known.facts.score < kept.threshold)
    gates = Gates.model_validate(GATES)

    def seen(n: int) -> Seen:
        chances = 1 / (1 + np.exp(-known.facts.findings[n]))
        scores = {name: round(float(p), 4) for name, p in zip(known.facts.names, chances, strict=True)}
        return Seen(gates, View.FRONTAL, float(known.facts.score[n]), known.facts.vectors[n], True, scores)

    for n in np.flatnonzero(doubted)[:10]:
        found = decide(50.0, [seen(n)], kept, films)
        assert (found.outcome, found.reason) == ("abstain", "unsure") and found.unsure >= kept.rule.limit  # type: ignore[operator]
    outcomes = [decide(50.0, [seen(n)], kept, films).outcome for n in np.flatnonzero(sure)[:30]]
    assert outcomes.count("normal") >= 28
    one, other = np.flatnonzero(sure)[0], np.flatnonzero(doubted)[0]
    assert decide(50.0, [seen(one), seen(other)], kept, films).reason == "unsure"
    blank = Seen(gates, View.FRONTAL, 0.01, known.facts.vectors[one], True, {})
    assert decide(50.0, [blank], kept, films).reason == "unsure"  # without its other findings nothing is known of it


def test_doubt_is_told_in_counts_of_studies_apart_or_not_at_all() -> None:
    assert doubt({"wrong": {"k": 12, "n": 60}}, "en") == ": of such studies of the calibration 12 of 60 were abnormal"
    assert doubt({"wrong": {"k": 1, "n": 4}}, "en") == doubt(None, "ru") == ""


def test_a_part_too_small_to_learn_from_is_refused_and_nothing_is_kept(labels: Path, context: Context) -> None:
    with pytest.raises(ScreeningError) as caught:
        calibrate(CalibrateRequest(labels=labels, max_missed=0.1, unsure=UnsureChoice(share=0.02)), context)
    assert caught.value.details["reason"] == "too_few_errors"
