"""A check: windows, corrections, effect sizes, dates of changes; and how often it is wrong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from prosvet.monitoring.compare import Comparer
from prosvet.monitoring.influence import begun_at, shown
from prosvet.monitoring.multiple import LARGEST_LEVEL, adjusted, level_of
from prosvet.monitoring.rules import Rules

from .streams import sample

RULES = Rules(days=0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_correction_is_scipys(p: list[float]) -> None:
    assert adjusted(p).tolist() == pytest.approx(stats.false_discovery_control(p).tolist())


def test_a_year_of_checks_spends_the_years_false_alarms_however_often_one_checks() -> None:
    year = 365 * 80
    for step in (10, 25, 100):
        level = level_of(step, false_alarms_a_year=2.0, studies_a_day=80)
        assert level * (year / step) == pytest.approx(2.0)
    assert level_of(10**6, false_alarms_a_year=2.0, studies_a_day=80) == LARGEST_LEVEL


def test_an_unchanged_stream_raises_no_alarm() -> None:
    comparer = Comparer(sample(600, 1), RULES)
    assert all(comparer.check(sample(300, seed), 25).alarming == [] for seed in range(2, 12))


def test_each_change_is_named() -> None:
    comparer = Comparer(sample(600, 1), RULES)
    assert [one.variable for one in comparer.check(sample(100, 2, device="Gamma"), 25).alarming] == ["device"]
    assert {one.variable for one in comparer.check(sample(100, 3, gate="inverted"), 25).alarming} == {"gate"}
    assert {one.variable for one in comparer.check(sample(100, 4, shift=3.0), 25).alarming} == {"embedding"}
    older = comparer.check(sample(200, 5, age=71.0), 25).alarming
    assert {one.variable for one in older} == {"age"}


def test_a_device_is_watched_on_its_own() -> None:
    comparer = Comparer(sample(900, 1), Rules(days=0, windows=(400,), device_window=100))
    current = sample(400, 2)
    beta = np.flatnonzero(current.categories["device"] == "Beta")
    current.numbers["kvp"][beta] = 90.0
    streams = {(one.stream, one.variable) for one in comparer.check(current, 25).alarming}
    assert ("Beta", "kvp") in streams and ("Alpha", "kvp") not in streams


def test_a_sure_but_small_change_is_no_alarm() -> None:
    rules = Rules(days=0, windows=(3000,), least_wasserstein=0.5)
    verdicts = Comparer(sample(3000, 1), rules).check(sample(3000, 2, shift=0.0), 3000)
    assert verdicts.alarming == []
    moved = sample(3000, 3)
    moved.numbers["age"][:] += 5.0
    sure = [one for one in Comparer(sample(3000, 1), rules).check(moved, 3000).outcomes if one.variable == "age"]
    assert any(one.q <= LARGEST_LEVEL and not one.alarming for one in sure)


def test_what_comes_late_is_compared_among_those_that_have_it() -> None:
    reference, current = sample(400, 1), sample(100, 2)
    reference.numbers["hours_to_signature"] = np.full(400, 5.0)
    current.numbers["hours_to_signature"] = np.full(100, np.nan)
    assert all(one.variable != "hours_to_signature" for one in Comparer(reference, RULES).check(current, 25).outcomes)
    current.numbers["hours_to_signature"][:60] = 48.0
    named = {one.variable for one in Comparer(reference, RULES).check(current, 25).alarming}
    assert "hours_to_signature" in named


def test_a_change_is_dated_and_shown_by_the_studies_that_make_it() -> None:
    rng = np.random.default_rng(0)
    scores = np.r_[rng.normal(size=150), rng.normal(6, 1, 50)]
    assert abs(begun_at(scores, 0.0) - 150) <= 3
    typical, odd = shown(scores, 0.0)
    assert all(one.row >= 150 for one in typical)
    assert odd[0].row == int(np.argmax(scores))
    assert not {one.row for one in typical} & {one.row for one in odd}
