"""The rule on small pools whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from prosvet.training.queue.rule import combined, entropy, far, pick, spread


def unit(*rows: tuple[float, ...]) -> np.ndarray:
    matrix = np.array(rows, dtype=np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


POOL = unit((1, 0), (1, 0.01), (0, 1), (-1, 0))


def test_entropy_is_one_on_the_threshold_and_falls_on_both_sides() -> None:
    bits = entropy(np.array([0.0, 0.05, 0.2, 0.6, 1.0]), 0.2)
    assert bits[2] == pytest.approx(1.0)
    assert (np.diff(bits[:3]) > 0).all() and (np.diff(bits[2:]) < 0).all()


def test_twins_are_not_both_taken_first() -> None:
    assert spread(POOL, np.array([1.0, 0.99, 0.5, 0.5]), POOL[:0], 3) == [0, 3, 2]


def test_what_is_known_pushes_away_and_what_weighs_nothing_is_never_taken() -> None:
    assert spread(POOL, np.ones(4), POOL[:1], 1) == [3]
    assert spread(POOL, np.array([1.0, 0, 0, 0]), POOL[:0], 4) == [0]


def test_weight_and_distance_multiply() -> None:
    assert spread(POOL, np.array([0.1, 0.1, 0.9, 0.1]), POOL[3:], 1) == [2]


def test_the_random_share_is_uniform_over_the_pool() -> None:
    rng = np.random.default_rng(0)
    pool = rng.normal(size=(40, 8)).astype(np.float32)
    pool /= np.linalg.norm(pool, axis=1, keepdims=True)
    weight = np.linspace(0, 1, 40)  # chance must not heed it
    taken = np.zeros(40)
    for seed in range(600):
        chosen = pick(pool, weight, pool[:0], 10, 0.4, seed)
        assert len({one.index for one in chosen}) == len(chosen) == 10
        assert sum(one.random for one in chosen) == 4
        taken[[one.index for one in chosen if one.random]] += 1
    assert abs(np.corrcoef(taken, weight)[0, 1]) < 0.35
    assert taken.min() > 30 and taken.max() < 95  # 60 expected


def test_proved_errors_come_before_the_rule() -> None:
    chosen = pick(POOL, np.array([1.0, 1.0, 1.0, 0.1]), POOL[:0], 2, 0.0, 0, first=(3,))
    assert chosen[0].index == 3


def test_only_the_heaviest_are_looked_at() -> None:
    weight = np.array([1.0, 0.9, 0.8, 0.1])
    assert [one.index for one in pick(POOL, weight, POOL[:1], 1, 0.0, 0)] == [2]  # the farthest is the lightest of four


def test_a_queue_larger_than_its_pool_takes_all() -> None:
    assert len(pick(POOL, np.ones(4), POOL[:0], 10, 0.25, 1)) == 4


def test_the_same_seed_gives_the_same_queue() -> None:
    assert pick(POOL, np.ones(4), POOL[:0], 3, 0.3, 7) == pick(POOL, np.ones(4), POOL[:0], 3, 0.3, 7)


def test_far_is_the_mean_distance_to_the_nearest() -> None:
    assert far(POOL, unit((1, 0))).tolist() == pytest.approx([0, 0, 1, 2], abs=1e-3)
    assert combined([]) == 0.0 and combined([1.0, 0.3]) == 1.0
