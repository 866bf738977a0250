"""Films of noise to take in without a model, and a runner over an empty archive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from prosvet.app.jobs.runner import Runner
from prosvet.app.jobs.view import JobView
from prosvet.core.actor import Actor
from prosvet.core.context import Context

Until = Callable[[Runner, str, Callable[[JobView], bool]], JobView]


@pytest.fixture
def films(tmp_path: Path) -> Callable[[int], Path]:
    """``films(200)`` makes a folder of so many small films, all different."""

    def make(count: int) -> Path:
        folder = tmp_path / f"films-{count}"
        folder.mkdir()
        for seed in range(count):
            noise = np.random.default_rng(seed).integers(0, 255, (96, 96)).astype(np.uint8)
            Image.fromarray(noise).save(folder / f"{seed:04}.png", compress_level=0)
        return folder

    return make


@pytest.fixture
def runner(context: Context) -> Iterator[Runner]:
    """A runner at work."""
    made = context.get(Runner)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def until() -> Until:
    """``until(runner, job, condition)`` waits for a job; half a minute is a failure."""

    def wait(runner: Runner, job: str, condition: Callable[[JobView], bool]) -> JobView:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            view = runner.book.get(job, Actor())
            if condition(view):
                return view
            time.sleep(0.005)
        raise TimeoutError(view)

    return wait
