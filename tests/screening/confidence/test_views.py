"""The encoders' own answers come out of the shipped file, and their mean is what it always gave."""

from __future__ import annotations

import numpy as np

from prosvet.core.context import Context
from prosvet.imaging.film import Film
from prosvet.models.prepare import prepare
from prosvet.screening.confidence.views import Views, copies


def film() -> Film:
    random = np.random.default_rng(0)
    rows, cols = np.mgrid[0:300, 0:280] / 300
    lungs = np.exp(-(((cols - 0.3) / 0.15) ** 2 + ((rows - 0.5) / 0.3) ** 2)) + np.exp(
        -(((cols - 0.68) / 0.15) ** 2 + ((rows - 0.5) / 0.3) ** 2)
    )
    pixels = 200 - 120 * lungs + random.normal(0, 3, rows.shape)
    return Film(pixels.astype(np.float32), "f.png", "0" * 64, "png")


def test_the_mean_of_the_members_is_the_answer(context: Context) -> None:
    views = Views.from_context(context)
    square, _ = prepare(film()).square(224)
    mean, *members = views._session.run(["logits", *views._members], {views._input: square[None, None]})
    assert len(members) == 2
    parts = np.stack([member.reshape(-1) for member in members])
    assert np.allclose(parts.mean(axis=0), mean.reshape(-1), atol=1e-4) and np.abs(parts[0] - parts[1]).max() > 1e-3


def test_spread_is_told_of_members_and_of_copies(context: Context) -> None:
    found = Views.from_context(context).spread(film())
    assert found.members is not None and found.members > 0 and found.copies > 0
    assert found == Views.from_context(context).spread(film())


def test_copies_are_the_film_moved_a_little() -> None:
    square = np.random.default_rng(1).random((64, 64)).astype(np.float32)
    mirrored, up, down, turned = copies(square)
    assert (mirrored[:, ::-1] == square).all()
    assert (up[2:, 2:] == square[:-2, :-2]).all() and (down[:-2, :-2] == square[2:, 2:]).all()
    assert np.abs(turned[28:36, 28:36] - square[28:36, 28:36]).mean() < 0.3
