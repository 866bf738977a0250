"""The paired tests against the textbook, and by how often they err when there is nothing to find."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from prosvet.training.pipeline.paired_tests import auroc_test, calls_test


def textbook(first: np.ndarray, second: np.ndarray, sick: np.ndarray) -> float:
    """Variance of the difference of two areas after DeLong et al. (1988), by its double sums."""
    parts = []
    for scores in (first, second):
        x, y = scores[sick], scores[~sick]
        psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
        parts.append((psi.mean(axis=1), psi.mean(axis=0)))
    s10, s01 = (np.cov(np.stack([part[k] for part in parts])) for k in (0, 1))
    return float(
        (s10[0, 0] + s10[1, 1] - 2 * s10[0, 1]) / sick.sum() + (s01[0, 0] + s01[1, 1] - 2 * s01[0, 1]) / (~sick).sum()
    )


def drawn(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    sick = np.arange(n) < n // 4
    shared = random.normal(size=n) + sick
    first, second = (np.round(shared + random.normal(scale=0.7, size=n), 1) for _ in range(2))
    return first, second, sick


def test_with_a_film_a_patient_it_is_delongs_test() -> None:
    first, second, sick = drawn(3)
    found = auroc_test(first, second, sick, np.arange(len(sick)).astype(str))
    assert (found.high - found.low) / 2 / 1.959964 == pytest.approx(np.sqrt(textbook(first, second, sick)), rel=1e-6)


def test_films_of_one_patient_do_not_count_as_many() -> None:
    first, second, sick = drawn(4)
    once = auroc_test(first, second, sick, np.arange(len(sick)).astype(str))
    four = [np.repeat(a, 4) for a in (first, second, sick)]
    patients = np.repeat(np.arange(len(sick)), 4).astype(str)
    clustered = auroc_test(*four, patients)
    alone = auroc_test(*four, np.arange(4 * len(sick)).astype(str))
    assert clustered.p == pytest.approx(once.p, abs=0.02)
    assert alone.p < clustered.p or clustered.p > 0.9


def test_it_errs_as_often_as_it_says() -> None:
    wrong = sum(auroc_test(*drawn(seed), np.arange(80).astype(str)).p < 0.05 for seed in range(1000))
    assert 25 <= wrong <= 80  # of 1000, 50 expected; the normal law is a little hasty at 20 positives


def test_calls_with_a_film_a_patient_are_mcnemars_exact_test() -> None:
    random = np.random.default_rng(0)
    first, second = random.random(60) < 0.6, random.random(60) < 0.8
    gained, lost = int((second & ~first).sum()), int((first & ~second).sum())
    found = calls_test(first, second, np.arange(60).astype(str))
    assert found.p == pytest.approx(binomtest(gained, gained + lost).pvalue)
    assert found.value == pytest.approx((gained - lost) / 60)
    assert found.low < found.value < found.high


def test_calls_that_never_changed_prove_little_on_few_patients() -> None:
    right = np.ones(12, dtype=bool)
    few = calls_test(right, right, np.arange(12).astype(str))
    assert few.value == 0 and few.p == 1 and few.low < -0.1
    right = np.ones(400, dtype=bool)
    assert calls_test(right, right, np.arange(400).astype(str)).low > -0.01
