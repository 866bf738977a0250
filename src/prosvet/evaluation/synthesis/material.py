"""What the measures are taken of: real films, made pictures with what each was asked for, and what was seen of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prosvet.evaluation.result import Cell, Figure, Items, Table
from prosvet.evaluation.synthesis.films import Shots
from prosvet.evaluation.synthesis.judge import Judged
from prosvet.evaluation.synthesis.plan import Asked

__all__ = ["Made", "Material", "Section", "cells", "items_of"]


@dataclass(frozen=True)
class Material:
    """Real films: what the generator learned from, and others of other patients, which it never saw."""

    training: Shots
    reference: Shots


@dataclass(frozen=True)
class Made:
    """Made pictures (N, 256, 256), what each was asked for, what the judge says, and their shapes (N, numbers)."""

    asked: tuple[Asked, ...]
    pixels: NDArray[np.uint8]
    judged: Judged
    shapes: NDArray[np.float64]

    def part(self, *names: str) -> NDArray[np.bool_]:
        """Which pictures (N,) belong to parts of the plan."""
        return np.array([one.part in names for one in self.asked], dtype=bool)


@dataclass(frozen=True)
class Section:
    """What one measure adds to the card: figures, the same of real films, tables, and columns of the pictures."""

    metrics: dict[str, Figure]
    controls: dict[str, Figure | Cell]
    tables: tuple[Table, ...] = ()


def cells(values: ArrayLike) -> tuple[float | None, ...]:
    """A column of numbers with None for NaN."""
    return tuple(None if np.isnan(v) else float(v) for v in np.asarray(values, dtype=np.float64))


def items_of(asked: Sequence[Asked], columns: dict[str, NDArray[np.float64]]) -> Items:
    """The pictures as cases; the two of a pair are one group."""
    ids = tuple(f"{one.part}:{one.seed}:{number}" for number, one in enumerate(asked))
    return Items(
        ids=ids, groups=tuple(f"seed:{one.seed}" for one in asked), columns={k: cells(v) for k, v in columns.items()}
    )
