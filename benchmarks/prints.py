"""How often prints find the film that a picture copies though it hides, and how often they blame another's film.

``python benchmarks/prints.py DATA [--cache DIR] [--films N]``: prints of the films that the compact generator learns
from. Copies: training films mirrored by turns, shifted by up to 8 of 256 pixels, of other contrast, with noise. Others:
films of validation patients, and of training patients that the generator never sees, by half of which the
limit is set. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prosvet.evaluation.proportions import wilson
from prosvet.synthesis.prints import Prints, distances_apart
from prosvet.training.data import load_films
from prosvet.training.generator.films import generator_films, judge_films

Picture = NDArray[np.float32]


def hidden(film: NDArray[np.uint8], random: np.random.Generator) -> Picture:
    """A copy that hides."""
    moved = np.roll(film / 255, tuple(random.integers(-8, 9, 2)), (0, 1))
    moved = np.clip(moved * random.uniform(0.7, 1.3) + random.uniform(-0.1, 0.1), 0, 1)
    moved = moved[:, ::-1] if random.random() < 0.5 else moved
    copy: Picture = np.clip(moved + random.normal(0, 0.03, moved.shape), 0, 1).astype(np.float32)
    return copy


def share(name: str, hits: NDArray[np.bool_]) -> None:
    """One line: how many of how many."""
    between = wilson(int(hits.sum()), len(hits))
    print(f"{name:58s} {hits.sum()}/{len(hits)} = {hits.mean():.4f} [{between.low:.4f}; {between.high:.4f}]")


def main() -> None:
    """Print the limit and a line for copies and for each kind of other film."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=None)
    parser.add_argument("--films", type=int, default=500)
    asked = parser.parse_args()
    learned, random = generator_films(asked.data, asked.cache).pixels, np.random.default_rng(2)
    prints = Prints.of(learned)
    others = judge_films(asked.data, asked.cache).pixels
    setting, rest = others[::2], others[1::2]  # as the generator's card is made
    limit = float(np.quantile(distances_apart(prints, setting), 0.005))
    print(
        f"{len(learned)} films learned from; limit {limit:.4f} of the bits, by {len(setting)} films of other patients"
    )
    rows = random.permutation(len(learned))[: asked.films]
    found = [prints.nearest(hidden(learned[row], random)) for row in rows]
    far = np.array([one.distance for one in found])
    share("copies: the right film is the nearest", np.array([one.film for one in found]) == rows)
    share(f"copies: below the limit (furthest {far.max():.3f})", far < limit)
    rest = rest[random.permutation(len(rest))[: asked.films]]
    share("other training patients, not those of the limit: below it", distances_apart(prints, rest) < limit)
    real = load_films(asked.data, ("val",), asked.cache).pixels
    real = real[random.permutation(len(real))[: asked.films]]
    share("validation patients: below it", distances_apart(prints, real) < limit)


if __name__ == "__main__":
    main()
