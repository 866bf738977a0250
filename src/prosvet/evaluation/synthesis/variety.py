"""How much pictures of one kind differ: structure (MS-SSIM) and features, of pairs drawn by lot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prosvet.evaluation.synthesis.likeness import ms_ssim

__all__ = ["alike", "apart", "disjoint_pairs"]

Floats = NDArray[np.float64]
Pairs = list[tuple[int, int]]


def disjoint_pairs(groups: Sequence[str], seed: int, most: int = 400) -> Pairs:
    """Pairs of rows of the same group, each row in one pair at most, so that the pairs are independent."""
    random, of = np.random.default_rng(seed), np.array(groups)
    pairs: Pairs = []
    for group in sorted(set(groups)):
        rows = random.permutation(np.flatnonzero(of == group)).tolist()
        pairs += list(zip(rows[::2], rows[1::2], strict=False))
    chosen = random.permutation(len(pairs))[:most]
    return [pairs[at] for at in sorted(chosen.tolist())]


def alike(pictures: NDArray[np.uint8], pairs: Pairs) -> Floats:
    """MS-SSIM of each pair of pictures (N, S, S)."""
    return np.array([ms_ssim(pictures[a] / 255.0, pictures[b] / 255.0) for a, b in pairs])


def apart(features: Floats, pairs: Pairs) -> Floats:
    """Distance of the features (N, D) of each pair."""
    return np.array([float(np.linalg.norm(features[a] - features[b])) for a, b in pairs])
