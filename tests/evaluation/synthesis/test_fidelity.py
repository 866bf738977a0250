"""Distances and manifolds against closed forms and against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg, signal

from prosvet.evaluation.synthesis.fidelity import (
    coverage,
    density,
    frechet,
    frechet_interval,
    kernel_distance,
    kernel_interval,
    precision,
    recall,
)
from prosvet.evaluation.synthesis.likeness import ms_ssim, ssim

random = np.random.default_rng(5)
ONE = random.normal(size=(40, 6)) @ random.normal(size=(6, 6))
OTHER = random.normal(size=(33, 6)) + 0.5


def test_frechet_is_that_of_the_covariances() -> None:
    root = linalg.sqrtm(np.cov(ONE.T) @ np.cov(OTHER.T)).real
    shift = ((ONE.mean(0) - OTHER.mean(0)) ** 2).sum()
    wanted = shift + np.trace(np.cov(ONE.T) + np.cov(OTHER.T) - 2 * root)
    assert frechet(ONE, OTHER) == pytest.approx(wanted, rel=1e-9)
    assert frechet(ONE, ONE) == pytest.approx(0, abs=1e-9)


def test_frechet_with_fewer_pictures_than_features_is_the_same_number() -> None:
    wide = np.hstack([ONE, np.zeros((40, 50))]), np.hstack([OTHER, np.zeros((33, 50))])
    assert frechet(*wide) == pytest.approx(frechet(ONE, OTHER), rel=1e-9)


def test_kernel_distance_is_the_mean_over_pairs() -> None:
    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / 6 + 1) ** 3)

    within = [kernel(a, b) for i, a in enumerate(ONE) for j, b in enumerate(ONE) if i != j]
    beside = [kernel(a, b) for i, a in enumerate(OTHER) for j, b in enumerate(OTHER) if i != j]
    across = [kernel(a, b) for a in ONE for b in OTHER]
    assert kernel_distance(ONE, OTHER) == pytest.approx(np.mean(within) + np.mean(beside) - 2 * np.mean(across))


def test_kernel_distance_is_not_biased() -> None:
    drawn = [kernel_distance(*np.split(np.random.default_rng(seed).normal(size=(24, 3)), 2)) for seed in range(400)]
    assert abs(np.mean(drawn)) < 3 * np.std(drawn) / 20


@pytest.mark.parametrize("interval", [frechet_interval, kernel_interval])
def test_intervals_hold_their_value_and_tell_sets_apart(interval: object) -> None:
    far = interval(ONE, OTHER + 3)  # type: ignore[operator]
    near = interval(ONE[::2], ONE[1::2])  # type: ignore[operator]
    assert far.low <= far.value <= far.high
    assert near.high < far.low


def test_manifolds_are_as_counted_by_hand() -> None:
    def apart(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.sqrt(((a - b) ** 2).sum()))

    def radius(point: int, points: np.ndarray, k: int) -> float:
        return sorted(apart(points[point], q) for j, q in enumerate(points) if j != point)[k - 1]

    def inside(made: np.ndarray, real: np.ndarray, k: int) -> list[int]:
        return [sum(apart(m, r) <= radius(i, real, k) for i, r in enumerate(real)) for m in made]

    assert precision(ONE, OTHER).tolist() == [count > 0 for count in inside(OTHER, ONE, 3)]
    assert recall(ONE, OTHER).tolist() == [count > 0 for count in inside(ONE, OTHER, 3)]
    assert density(ONE, OTHER).tolist() == [count / 5 for count in inside(OTHER, ONE, 5)]
    met = [min(apart(r, m) for m in OTHER) <= radius(i, ONE, 5) for i, r in enumerate(ONE)]
    assert coverage(ONE, OTHER).tolist() == met
    assert 0 < np.mean(met) < 1


def test_one_outlier_among_the_real_gives_no_density() -> None:
    real = np.vstack([random.normal(size=(50, 2)), [[30.0, 30.0]]])
    made = np.full((10, 2), 15.0)
    assert precision(real, made).all()  # what density was made for
    assert density(real, made).max() <= 0.2


def test_ssim_is_that_of_an_explicit_window() -> None:
    one, other = random.random((2, 40, 44))
    axis = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = np.outer(axis, axis) / axis.sum() ** 2

    def mean(x: np.ndarray) -> np.ndarray:
        return signal.convolve2d(x, window, mode="valid")

    a, b = mean(one), mean(other)
    sa, sb, sab = mean(one**2) - a**2, mean(other**2) - b**2, mean(one * other) - a * b
    c1, c2 = 1e-4, 9e-4
    wanted = ((2 * a * b + c1) * (2 * sab + c2) / ((a**2 + b**2 + c1) * (sa + sb + c2))).mean()
    assert ssim(one, other)[0] == pytest.approx(wanted, rel=1e-9)


def test_ms_ssim_falls_with_noise() -> None:
    y, x = np.mgrid[:192, :192] / 192
    film = 0.5 + 0.4 * np.sin(9 * x) * np.cos(7 * y)
    noise = random.normal(size=film.shape)
    steps = [ms_ssim(film, np.clip(film + level * noise, 0, 1)) for level in (0.0, 0.05, 0.2)]
    assert steps[0] == pytest.approx(1)
    assert steps[0] > steps[1] > steps[2] > 0
