"""The samplers, on a flow whose answer is known: films that are normally distributed."""

from __future__ import annotations

import numpy as np
import pytest

from prosvet.synthesis.sampling import SCHEDULERS, Latent, Scheduler, sample, sigmas, start_of

MEAN, SPREAD = 2.0, 0.5


def denoise(x: Latent, sigma: float) -> Latent:
    """The mean of what films of N(2, 0.5) may have been, given film + sigma * noise: exact."""
    return np.asarray((x * SPREAD**2 + MEAN * sigma**2) / (SPREAD**2 + sigma**2), dtype=np.float32)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_noise_becomes_films_of_the_right_distribution(scheduler: Scheduler) -> None:
    random = np.random.default_rng(0)
    levels = sigmas(60, scheduler)
    x = random.standard_normal(4000, dtype=np.float32) * np.float32(levels[0])
    *_, (made, _) = sample(denoise, x, levels, scheduler, random)
    assert made.mean() == pytest.approx(MEAN, abs=0.06) and made.std() == pytest.approx(SPREAD, abs=0.06)


def test_the_second_order_needs_fewer_steps_than_the_first() -> None:
    def error(scheduler: Scheduler, steps: int) -> float:
        levels = sigmas(400, "dpmpp_2m_karras")[:: 400 // steps]
        x = np.random.default_rng(1).standard_normal(500, dtype=np.float32) * np.float32(levels[0])
        *_, (made, _) = sample(denoise, x, np.append(levels, 0.0), scheduler, np.random.default_rng(2))
        exact = MEAN + x * np.float32(SPREAD / np.hypot(SPREAD, levels[0]))
        return float(np.abs(made - exact).mean())

    assert error("dpmpp_2m_karras", 20) < 0.5 * error("ddim", 20)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_levels_fall_to_zero_and_a_strength_says_where_to_start(scheduler: Scheduler) -> None:
    levels = sigmas(20, scheduler)
    assert len(levels) == 21 and (np.diff(levels) < 0).all() and levels[-1] == 0
    assert [start_of(levels, s) for s in (1.0, 0.5, 0.0)] == [0, 10, 20]
