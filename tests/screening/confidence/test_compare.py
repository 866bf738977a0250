"""Where the truth is known, the comparison finds it: a measure that must win, and a score that nothing beats."""

from __future__ import annotations

import numpy as np
import pytest

from prosvet.screening.confidence.compare import across, chosen, compare
from prosvet.screening.confidence.curves import areas
from prosvet.screening.confidence.logistic import fit_logistic, sigmoid
from prosvet.screening.confidence.methods import METHODS, available, fit
from screening.confidence.worlds import hidden, only_score


def test_errors_that_hang_on_something_seen_are_predicted() -> None:
    found = {one.method: one for one in compare(hidden(np.random.default_rng(0), 1200), resamples=300)}
    assert found["meta"].better and found["learned"].better
    assert found["meta"].aurc.value < 0.8 * found["score"].aurc.value
    assert chosen(list(found.values())) in ("meta", "learned")
    assert found["meta"].risks[2].value < found["score"].risks[2].value
    assert not found["temperature"].better  # an order by one number stays an order by that number


def test_where_only_the_score_tells_nothing_is_chosen() -> None:
    for seed in range(3):
        found = compare(only_score(np.random.default_rng(seed), 1200), resamples=300)
        assert chosen(found) == "score" and not any(one.better for one in found)


def test_what_was_learned_elsewhere_is_judged_by_others_labels_alone() -> None:
    here, there = hidden(np.random.default_rng(1), 1200), hidden(np.random.default_rng(2), 1200)
    assert chosen(across(here, there, 300)) in ("meta", "learned")
    elsewhere = across(here, only_score(np.random.default_rng(3), 1200), 300)
    assert chosen(elsewhere) == "score"


def test_a_whole_group_can_be_left_out() -> None:
    known = hidden(np.random.default_rng(4), 900)
    found = compare(known, [f"g{i % 3}" for i in range(900)], resamples=200)
    assert chosen(found) in ("meta", "learned")


def test_disagreement_is_compared_only_where_films_were_read_again() -> None:
    known = hidden(np.random.default_rng(5), 300)
    assert {"members", "copies"}.isdisjoint(available(known.facts))
    known.facts.extras[:, -2:] = np.random.default_rng(6).random((300, 2))
    assert available(known.facts) == tuple(METHODS)
    assert np.isfinite(fit("copies", known)(known.facts)).all()


def test_the_regression_is_at_its_minimum() -> None:
    """At the answer the slope of the loss is 0, so that no other program's answer can be a better one."""
    random = np.random.default_rng(7)
    columns = random.normal(size=(500, 6))
    yes = random.random(500) < sigmoid(columns @ np.array([2.0, -1, 0, 0, 0.5, 0]) - 1)
    weights = fit_logistic(columns, yes, 3.0)
    errors = sigmoid(columns @ weights[:-1] + weights[-1]) - yes
    assert columns.T @ errors + 3.0 * weights[:-1] == pytest.approx(np.zeros(6), abs=1e-3)
    assert errors.sum() == pytest.approx(0, abs=1e-3)
    assert np.sign(weights[:2]).tolist() == [1, -1]


def test_measures_are_the_same_at_every_run() -> None:
    known = hidden(np.random.default_rng(8), 400)
    for name in ("meta", "learned"):
        assert (fit(name, known)(known.facts) == fit(name, known)(known.facts)).all()
    area, _ = areas(fit("learned", known)(known.facts), known.wrong, np.ones((1, 400)))
    assert area[0] < known.wrong.mean()
