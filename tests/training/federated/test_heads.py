"""The arithmetic: together as if pooled, and a site weighs nothing where it has no label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prosvet.training.federated.average import Update, averaged, total, weighted
from prosvet.training.federated.heads import Design, begin, contribution, design, following, loss, to_weights
from prosvet.training.federated.plan import Plan

PLAN = Plan(name="sum", base="m@1", findings=("a", "b", "c"), sites=("x", "y", "z"))


def films(seed: int, n: int, shift: float = 0.0) -> Design:
    """N films whose findings follow from their vectors; a third of the labels is unknown."""
    random = np.random.default_rng(seed)
    vectors = random.normal(shift / 20, 1 / np.sqrt(512), (n, 512)).astype(np.float16)
    scores = random.uniform(0.02, 0.98, (n, 3))
    truth = vectors[:, :3].astype(float) * 40 + np.log(scores / (1 - scores)) + random.logistic(size=(n, 3)) > 0
    labels = np.where(random.random((n, 3)) < 0.33, -1, truth).astype(np.int8)
    return design(scores, vectors, labels)


def joined(parts: list[Design]) -> Design:
    return Design(*(np.concatenate([getattr(p, n) for p in parts]) for n in ("features", "offset", "labels", "known")))


def fit(parts: list[Design], plan: Plan, rounds: int) -> np.ndarray:
    theta = begin(3)["theta"]
    for _ in range(rounds):
        theta = following(theta, total([contribution(theta, part, plan) for part in parts]), plan)
    return theta


SITES = [films(1, 90), films(2, 250, 1.0), films(3, 40, -1.0)]


def test_sums_take_the_very_steps_of_pooled_films() -> None:
    for rounds in (1, 4):
        together, pooled = fit(SITES, PLAN, rounds), fit([joined(SITES)], PLAN, rounds)
        assert np.abs(together).max() > 0.1
        np.testing.assert_allclose(together, pooled, atol=1e-10)


def test_the_fit_is_the_minimum_of_the_pooled_loss() -> None:
    theta, whole = fit(SITES, PLAN, 12), joined(SITES)
    value = lambda t: np.nansum(loss(t, whole)) + PLAN.penalty / 2 * np.square(t).sum()  # noqa: E731
    random = np.random.default_rng(0)
    best = value(theta)
    assert best < value(begin(3)["theta"]) - 0.02
    assert all(value(theta + 0.05 * random.normal(size=theta.shape)) > best for _ in range(20))


def test_averaging_comes_nearer_with_every_ten_rounds() -> None:
    plan = PLAN.model_copy(update={"method": "average"})
    pooled, whole = fit([joined(SITES)], PLAN, 12), joined(SITES)
    gaps = [np.nansum(loss(fit(SITES, plan, n), whole) - loss(pooled, whole)) for n in (1, 10)]
    assert abs(gaps[1]) < abs(gaps[0])
    assert abs(gaps[1]) < 0.1 < abs(gaps[0])


@pytest.mark.parametrize("method", ["newton", "average"])
def test_a_site_without_a_finding_weighs_nothing_there(method: str) -> None:
    plan = PLAN.model_copy(update={"method": method})
    mute = films(9, 500, 3.0)
    mute.known[:, 1] = False
    alone, beside = fit(SITES, plan, 3), fit([*SITES, mute], plan, 3)
    np.testing.assert_allclose(alone[1], beside[1], atol=1e-10)
    assert np.abs(alone[0] - beside[0]).max() > 1e-3


def test_a_finding_of_nobody_stays_the_models_own() -> None:
    parts = [Design(p.features, p.offset, p.labels, p.known & np.array([True, True, False])) for p in SITES]
    weights = to_weights(fit(parts, PLAN, 3))
    assert weights.active.tolist() == [True, True, False]
    scores, vectors = np.full((2, 3), 0.3), np.ones((2, 512), dtype=np.float16)
    assert weights(scores, vectors)[:, 2].tolist() == [0.3, 0.3]


def test_the_adapter_says_what_was_fitted() -> None:
    theta = fit(SITES, PLAN, 4)
    random = np.random.default_rng(5)
    scores, vectors = random.uniform(0.1, 0.9, (7, 3)).round(4), random.normal(0, 0.05, (7, 512)).astype(np.float16)
    made = design(scores, vectors, np.ones((7, 3), dtype=np.int8))
    wanted = 1 / (1 + np.exp(-(made.offset + made.features @ theta.T)))
    np.testing.assert_allclose(to_weights(theta)(scores, vectors), wanted, atol=6e-5)


@given(st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 50)), min_size=1, max_size=6))
def test_an_average_lies_within_what_was_averaged(parts: list[tuple[float, int]]) -> None:
    one = frozenset({"w"})
    updates = [weighted({"w": np.array([[value]])}, np.array([n, n], dtype=float), one) for value, n in parts]
    made = averaged(total(updates), {"w": np.array([[3.0]])}, one)["w"].item()
    heard = [value for value, n in parts if n] or [3.0]
    assert min(heard) - 1e-9 <= made <= max(heard) + 1e-9


def test_updates_of_different_shapes_are_not_added() -> None:
    with pytest.raises(ValueError, match="shapes"):
        total([Update({"w": np.zeros(2)}, np.zeros(2)), Update({"w": np.zeros(3)}, np.zeros(2))])
    with pytest.raises(ValueError, match="no updates"):
        total([])
