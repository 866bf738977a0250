"""Where the two pictures of a pair differ: inside what the prompt said, and on the side that it said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.evaluation.synthesis.plan import Asked
from prosvet.synthesis.loaded import Loaded
from prosvet.synthesis.pairs import energy
from prosvet.synthesis.zones import Anatomist, Mask, Region, region_mask, regions_asked

__all__ = ["Changes", "changes"]


@dataclass(frozen=True)
class Changes:
    """Of N pairs (N,); NaN where the parts were not found or no side was said.

    Attributes
    ----------
    inside : ndarray
        Share of the squared difference within what the prompt names.
    area : ndarray
        Share of the picture that is within: what a change without a place would have.
    on_side : ndarray
        1 where more of the change lies in the lung of the side that the prompt names, else 0.
    whiter : ndarray
        Mean grey of the lung of the named side less that of the other, of the picture with the finding alone.
    """

    inside: NDArray[np.float64]
    area: NDArray[np.float64]
    on_side: NDArray[np.float64]
    whiter: NDArray[np.float64]


def changes(plan: Sequence[Asked], pictures: NDArray[np.uint8], generator: str, context: Context) -> Changes:
    """Of the pairs of `plan`, normals and findings in turn, with their `pictures` (2 N, 256, 256)."""
    rows = []
    anatomist = context.get(Anatomist)
    for number in context.progress.track(range(0, len(plan), 2), "synthesis_pairs", total=len(plan) // 2):
        one = plan[number + 1]
        normal, other = (pictures[number + at].astype(np.float32) / np.float32(255) for at in (0, 1))
        with context.get(Loaded).using(generator) as network:
            asked = regions_asked(network.wanted(one.prompt, one.style).understood)
        before, after = anatomist.masks(normal), anatomist.masks(other)
        masks = {part: _either(before.get(part), after.get(part)) for part in before | after}
        found = energy(normal, other, masks, asked)
        area = _area(masks, found.inside, asked)
        shares = [found.shares.get(f"{side}_lung") for side in ("right", "left")]
        rows.append((_number(found.inside), area, _on_side(one.side, shares), _whiter(one.side, other, after)))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Changes(table[:, 0], table[:, 1], table[:, 2], table[:, 3])


def _either(one: Mask | None, other: Mask | None) -> Mask:
    if one is None or other is None:
        found = one if one is not None else other
        return found if found is not None else np.zeros((1, 1), dtype=bool)
    return one | other


def _area(masks: dict[str, Mask], inside: float | None, asked: Sequence[Region]) -> float:
    if inside is None:
        return float("nan")
    parts = [region_mask(masks, region) for region in asked]
    return float(np.logical_or.reduce(parts).mean())


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _on_side(side: str, shares: Sequence[float | None]) -> float:
    right, left = shares
    if side not in ("right", "left") or right is None or left is None:
        return float("nan")
    return float(right > left if side == "right" else left > right)


def _whiter(side: str, picture: NDArray[np.float32], masks: dict[str, Mask]) -> float:
    if side not in ("right", "left") or not {"right_lung", "left_lung"} <= set(masks):
        return float("nan")
    gap = float(picture[masks["right_lung"]].mean() - picture[masks["left_lung"]].mean())
    return gap if side == "right" else -gap
