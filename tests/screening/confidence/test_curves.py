"""Selective risk against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from prosvet.screening.confidence.curves import areas, band, curve, risks, weights_of
from prosvet.screening.confidence.folds import folds, set_aside


def by_definition(unsure: np.ndarray, wrong: np.ndarray) -> float:
    """Mean over coverages k/n of the share wrong among the k surest; no two are equally sure."""
    ordered = wrong[np.argsort(unsure)]
    return float((np.cumsum(ordered) / np.arange(1, len(ordered) + 1)).mean())


def test_the_area_is_the_mean_risk_over_coverages() -> None:
    random = np.random.default_rng(0)
    unsure, wrong = random.random(200), random.random(200) < 0.2
    area, excess = areas(unsure, wrong, np.ones((1, 200)))
    assert area[0] == pytest.approx(by_definition(unsure, wrong))
    best = by_definition(wrong + random.random(200) * 0.5, wrong)
    assert excess[0] == pytest.approx(area[0] - best)


def test_equal_doubt_has_no_order() -> None:
    wrong = np.array([True, False, False, True, False, False])
    same = np.zeros(6)
    for order in (slice(None), slice(None, None, -1)):
        area, _ = areas(same, wrong[order], np.ones((1, 6)))
        assert area[0] == pytest.approx(1 / 3)
        assert risks(same, wrong[order], np.ones((1, 6)))[0] == pytest.approx([1 / 3] * 5)


def test_a_weight_is_a_repeated_row() -> None:
    random = np.random.default_rng(1)
    unsure, wrong = random.random(40).round(1), random.random(40) < 0.3
    times = random.integers(0, 3, 40)
    weighted = areas(unsure, wrong, times[None].astype(float))
    repeated = areas(np.repeat(unsure, times), np.repeat(wrong, times), np.ones((1, times.sum())))
    assert weighted[0] == pytest.approx(repeated[0]) and weighted[1] == pytest.approx(repeated[1])
    assert risks(unsure, wrong, times[None].astype(float))[0] == pytest.approx(
        risks(np.repeat(unsure, times), np.repeat(wrong, times), np.ones((1, times.sum())))[0]
    )


def test_at_full_coverage_every_order_has_the_same_risk() -> None:
    random = np.random.default_rng(2)
    wrong = random.random(100) < 0.25
    for _ in range(3):
        unsure = random.random(100)
        assert risks(unsure, wrong, np.ones((1, 100)))[0, -1] == pytest.approx(wrong.mean())
        assert curve(unsure, wrong)[-1] == pytest.approx((1.0, wrong.mean()))


def test_intervals_draw_patients_whole() -> None:
    wrong = np.repeat(np.random.default_rng(3).random(50) < 0.3, 4)
    unsure = np.zeros(200)
    whole = band(risks(unsure, wrong, weights_of([f"p{i // 4}" for i in range(200)], 400, 0))[:, -1])
    alone = band(risks(unsure, wrong, weights_of([f"s{i}" for i in range(200)], 400, 0))[:, -1])
    assert whole.value == alone.value and whole.high - whole.low > 1.5 * (alone.high - alone.low)


def test_a_patient_is_in_one_fold_and_set_aside_by_name_alone() -> None:
    people = [f"p{i // 3}" for i in range(300)]
    found = folds(people, 5)
    assert all(len({f for f, p in zip(found, people, strict=True) if p == name}) == 1 for name in set(people))
    assert np.bincount(found).min() >= 57
    assert folds(people[::-1], 5).tolist() == found[::-1].tolist()
    assert 0.25 < np.mean([set_aside(f"x{i}", 0.3) for i in range(2000)]) < 0.35
