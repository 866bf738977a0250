"""The promise itself: proved where the truth is known, refused where it cannot be."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import beta, binom

from prosvet.core.errors import TargetNotProvable
from prosvet.screening.binomial import allowed, best_target, lower, needed, share, upper
from prosvet.screening.control import Risk, control, curve


def test_the_sizes_that_everybody_quotes() -> None:
    assert (needed(0.01, 0.95), needed(0.001, 0.95)) == (299, 2995)
    for target, confidence in ((0.01, 0.95), (0.05, 0.9), (0.2, 0.99)):
        n = needed(target, confidence)
        assert allowed(n, target, confidence) is not None and allowed(n - 1, target, confidence) is None
        assert best_target(n, confidence) <= target < best_target(n - 1, confidence)


def test_the_greatest_count_that_is_allowed() -> None:
    for n in (299, 500, 1234):
        k = allowed(n, 0.01, 0.95)
        assert k is not None and binom.cdf(k, n, 0.01) <= 0.05 < binom.cdf(k + 1, n, 0.01)
        assert upper(k, n, 0.95) <= 0.01 < upper(k + 1, n, 0.95)


def test_bounds_and_intervals() -> None:
    assert lower(0, 10, 0.95) == 0 and upper(10, 10, 0.95) == 1
    narrow, wide = share(50, 100), share(50, 100, units=20)
    assert wide.low is not None and narrow.low is not None and wide.low < narrow.low
    assert share(0, 0).value is None


def test_a_small_sample_is_refused_with_what_it_lacks_and_what_it_can() -> None:
    with pytest.raises(TargetNotProvable) as caught:
        control([Risk("abnormal_studies", np.linspace(0, 1, 100), 0.01)], 0.95)
    details = caught.value.details
    assert (details["n"], details["needed"], details["more"]) == (100, 299, 199)
    best = float(str(details["best"]))
    control([Risk("abnormal_studies", np.linspace(0, 1, 100), best)], 0.95)  # what is offered is provable
    assert "2,96 %" in caught.value.hint("ru") and "2.96%" in caught.value.hint("en")


def test_no_more_are_missed_than_allowed_and_ties_are_kept() -> None:
    scores = np.concatenate([np.zeros(3), np.full(200, 0.5), np.linspace(0.6, 1, 400)])
    threshold, (risk,) = control([Risk("abnormal_studies", scores, 0.01)], 0.95)
    assert risk.allowed == 1 and threshold == 0.0 and risk.missed == 0
    assert risk.bound <= 0.01


@pytest.mark.parametrize("steps", [None, 20])
def test_the_promise_is_broken_no_more_often_than_promised(steps: int | None) -> None:
    random, repetitions, bad = np.random.default_rng(7), 1500, 0
    for _ in range(repetitions):
        scores = random.beta(5, 2, random.binomial(1000, 0.5))
        if steps:
            scores = np.floor(scores * steps) / steps
        threshold, _ = control([Risk("abnormal_studies", scores, 0.02)], 0.95)
        bad += beta.cdf(threshold, 5, 2) > 0.02  # a grid's threshold lies on a step: P(floor < t) is P(score < t)
    assert binom.sf(bad - 1, repetitions, 0.05) > 0.001, f"{bad} of {repetitions}"


def test_two_risks_hold_together_without_splitting_the_confidence() -> None:
    random, repetitions, bad = np.random.default_rng(8), 1500, 0
    for _ in range(repetitions):
        plain, urgent = random.beta(5, 2, 500), random.beta(6, 2, 400)
        risks = [Risk("abnormal_studies", plain, 0.02), Risk("critical_studies", urgent, 0.01)]
        threshold, _ = control(risks, 0.95)
        bad += beta.cdf(threshold, 5, 2) > 0.02 or beta.cdf(threshold, 6, 2) > 0.01
    assert binom.sf(bad - 1, repetitions, 0.05) > 0.001, f"{bad} of {repetitions}"


def test_the_curve_rises_in_both_and_holds_the_chosen_point() -> None:
    random = np.random.default_rng(1)
    risks = [Risk("abnormal_studies", random.beta(5, 2, 600), 0.05)]
    normals = random.beta(2, 5, 900)
    points = curve(risks, normals, 0.95)
    assert all(a.cleared < b.cleared and a.max_missed < b.max_missed for a, b in pairwise(points))
    threshold, (risk,) = control(risks, 0.95)
    near = min(points, key=lambda one: abs(one.threshold - threshold))
    assert abs(near.max_missed - risk.bound) < 0.02
