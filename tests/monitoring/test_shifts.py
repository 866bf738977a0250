"""The tests of numbers, categories and vectors: right when nothing changed, sure when something did."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from prosvet.monitoring.shifts.categories import NONE, category_shift
from prosvet.monitoring.shifts.numbers import number_shift
from prosvet.monitoring.shifts.vectors import Space, vector_shift


def words(*parts: tuple[str | None, int]) -> np.ndarray:
    return np.array([word for word, count in parts for _ in range(count)], dtype=object)


def test_numbers_agree_with_scipy() -> None:
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=400), rng.normal(0.4, 1, 150)
    found = number_shift(old, new)
    assert found is not None
    ks, mw = stats.ks_2samp(old, new, method="asymp").pvalue, stats.mannwhitneyu(old, new, method="asymptotic").pvalue
    assert found.p == pytest.approx(2 * min(ks, mw), rel=0.1)
    spread = (np.percentile(old, 75) - np.percentile(old, 25)) / 1.349
    assert found.effect == pytest.approx(stats.wasserstein_distance(old, new) / spread)
    assert found.scores.shape == (150,) and found.scores.mean() > found.baseline


def test_numbers_that_go_missing_are_a_change() -> None:
    old = np.random.default_rng(1).normal(size=300)
    new = old[:100].copy()
    new[:40] = np.nan
    found = number_shift(old, new)
    assert found is not None and found.test == "fisher"
    assert found.p < 1e-9 and found.effect == pytest.approx(0.4)


def test_too_few_numbers_are_not_compared() -> None:
    assert number_shift(np.arange(5.0), np.arange(5.0)) is None


def test_a_category_never_seen_is_found_by_four_studies_of_it() -> None:
    rng = np.random.default_rng(2)
    found = category_shift(words(("A", 900), ("B", 100)), words(("A", 42), ("B", 4), ("new", 4)), rng)
    assert found is not None and found.test == "unseen_category"
    exact = stats.hypergeom.sf(3, 1050, 4, 50)
    assert found.p == pytest.approx(2 * exact)
    assert int(np.argmax(found.scores)) >= 46


def test_a_tag_that_is_no_longer_written_is_a_category_of_its_own() -> None:
    found = category_shift(words(("12", 500)), words(("12", 30), (None, 20)), np.random.default_rng(0))
    assert found is not None and found.after[NONE] == 0.4 and found.p < 1e-12


def test_two_categories_are_fishers_exact_test() -> None:
    found = category_shift(words(("F", 60), ("M", 40)), words(("F", 20), ("M", 30)), np.random.default_rng(0))
    assert found is not None
    assert found.p == pytest.approx(stats.fisher_exact([[60, 40], [20, 30]]).pvalue)


def test_drawn_tables_agree_with_chi_square_where_counts_are_large() -> None:
    old, new = words(("a", 800), ("b", 700), ("c", 500)), words(("a", 90), ("b", 60), ("c", 50))
    found = category_shift(old, new, np.random.default_rng(0))
    approximate = stats.chi2_contingency([[800, 700, 500], [90, 60, 50]], correction=False).pvalue
    assert found is not None and found.p == pytest.approx(approximate, rel=0.15)


def test_p_values_of_equal_streams_are_not_too_small() -> None:
    rng = np.random.default_rng(3)
    small = {"number": 0, "category": 0, "vector": 0}
    space = Space.of(rng.normal(size=(300, 16)).astype(np.float32))
    assert space is not None
    for _ in range(300):
        old, new = rng.choice(6, 300).astype(float), rng.choice(6, 60).astype(float)
        one = number_shift(old, new)
        two = category_shift(old.astype(str).astype(object), new.astype(str).astype(object), rng)
        three = vector_shift(space, rng.normal(size=(60, 16)).astype(np.float32))
        for name, found in (("number", one), ("category", two), ("vector", three)):
            small[name] += found is not None and found.p <= 0.05
    # 300 draws at 5 %: fifteen expected, twenty-seven is the 99.8th percentile.
    assert all(count <= 27 for count in small.values()), small


def test_vectors_that_moved_are_told_apart() -> None:
    rng = np.random.default_rng(4)
    space = Space.of(rng.normal(size=(300, 64)).astype(np.float32))
    moved = rng.normal(size=(80, 64)).astype(np.float32)
    moved[:, :4] += 1.5
    assert space is not None
    found = vector_shift(space, moved)
    assert found is not None and found.p < 1e-6 and found.effect > 0.7
