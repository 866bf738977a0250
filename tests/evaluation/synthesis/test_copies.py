"""A generator that gives training films back is caught, film by film; one that draws its own is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import optimize, stats
from tests.drawn_chests import changed, chest, shots

from prosvet.evaluation.synthesis.copies import copied_share, nearest_by_outline, rule_of
from prosvet.evaluation.synthesis.judge import Judged
from prosvet.evaluation.synthesis.memory import Memory, memorisation, memory_of
from prosvet.evaluation.synthesis.sheet import write_sheet

TRAINING, OTHERS = shots(range(150)), shots(range(1000, 1150))
HONEST = np.stack([chest(seed) for seed in range(2000, 2080)])


def seen(pixels: NDArray[np.uint8]) -> Judged:
    """Features as an encoder might have them: means of patches, of the picture and of its mirror image."""

    def features(of: NDArray[np.uint8]) -> NDArray[np.float64]:
        return of.reshape(len(of), 16, 16, 16, 16).mean(axis=(2, 4)).reshape(len(of), -1)

    return Judged(np.zeros((len(pixels), 16)), features(pixels), features(pixels[:, :, ::-1]))


def memory(pictures: NDArray[np.uint8]) -> Memory:
    return memory_of(pictures, seen(pictures), (TRAINING, seen(TRAINING.pixels)), (OTHERS, seen(OTHERS.pixels)))


@pytest.fixture(scope="module")
def planted() -> tuple[Memory, NDArray[np.int64], NDArray[np.uint8]]:
    """A generator whose every fourth picture is a training film, changed."""
    random = np.random.default_rng(3)
    rows = random.permutation(len(TRAINING.known))[:20]
    pictures = HONEST.copy()
    pictures[::4] = [changed(TRAINING.pixels[row], random) for row in rows]
    return memory(pictures), rows, pictures


def test_a_memorised_generator_is_caught_with_the_films_that_it_copied(
    planted: tuple[Memory, NDArray[np.int64], NDArray[np.uint8]],
) -> None:
    found, rows, _ = planted
    copies = found.copied("outline")
    assert copies[::4].mean() >= 0.9
    assert copies.sum() == copies[::4].sum()
    assert (found.made["outline"].row[::4] == rows).mean() >= 0.95
    section = memorisation(found, TRAINING)
    figure = section.metrics["copied"]
    assert figure.value is not None
    assert figure.value == pytest.approx(0.25, abs=0.03)
    nearest = next(table for table in section.tables if table.id == "synthesis_nearest")
    assert all(row[0] % 4 == 0 for row in nearest.rows)
    assert {row[1] for row in nearest.rows} <= {f"film{row}" for row in rows}


def test_an_honest_generator_is_not(planted: tuple[Memory, NDArray[np.int64], NDArray[np.uint8]]) -> None:
    section = memorisation(memory(HONEST), TRAINING)
    assert section.metrics["copied"].value == 0
    assert section.metrics["copied"].high == pytest.approx(1 - 0.05 ** (1 / 80))
    real = section.controls["real.copied"]
    assert getattr(real, "value", 1) <= 0.02


def test_a_plain_copy_is_at_no_distance() -> None:
    found = nearest_by_outline(TRAINING.pixels[:5], TRAINING.pixels)
    assert found.distance.max() < 1e-5
    assert found.row.tolist() == [0, 1, 2, 3, 4]


def test_the_sheet_shows_the_nearest_pairs(
    planted: tuple[Memory, NDArray[np.int64], NDArray[np.uint8]], tmp_path: Path
) -> None:
    found, _, pictures = planted
    write_sheet(tmp_path / "sheet.png", pictures, found, TRAINING, "ru")
    with Image.open(tmp_path / "sheet.png") as sheet:
        grey = np.asarray(sheet.convert("L"))
    first = pictures[found.foremost()[0]]
    assert (grey[32 : 32 + 256, 8 : 8 + 256] == first).all()


def test_the_rule_lies_below_what_real_films_show() -> None:
    distances = np.linspace(0.1, 0.5, 401, dtype=np.float32)
    rule = rule_of(distances)
    assert rule.quantile == pytest.approx(0.104)
    assert rule.bound == pytest.approx(0.8 * 0.104)
    assert not rule.copies(distances).any()


@pytest.mark.parametrize(("copies", "of"), [(0, 598), (3, 400), (10, 10)])
def test_the_bound_is_where_so_few_copies_would_be_rare(copies: int, of: int) -> None:
    high = copied_share(np.arange(of) < copies).high
    if copies == of:
        assert high == 1
        return
    assert high == pytest.approx(optimize.brentq(lambda p: stats.binom.cdf(copies, of, p) - 0.05, 1e-9, 1 - 1e-9))
