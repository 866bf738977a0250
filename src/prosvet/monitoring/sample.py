"""Studies as columns: what the tests compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prosvet.monitoring.variables import EMBEDDING, WATCHED

__all__ = ["Facts", "Sample"]

Facts = Mapping[str, float | str | None]


@dataclass(frozen=True)
class Sample:
    """Studies in the order of their arrival.

    Attributes
    ----------
    ids : ndarray of str, shape (N,)
    at : ndarray of datetime64[s], shape (N,)
    numbers : dict of str to ndarray, shape (N,), float64
        NaN where a study has no value.
    categories : dict of str to ndarray, shape (N,), object
        None where a study has no value.
    vectors : ndarray, shape (N, D), float32, or None
        Rows of NaN where a study has no vector; None when no study has one.
    """

    ids: NDArray[np.str_]
    at: NDArray[np.datetime64]
    numbers: dict[str, NDArray[np.float64]]
    categories: dict[str, NDArray[np.object_]]
    vectors: NDArray[np.float32] | None = None

    @classmethod
    def of(
        cls, ids: Sequence[str], at: Sequence[datetime], facts: Sequence[Facts],
        vectors: Sequence[NDArray[np.float32] | None] | None = None,
    ) -> Self:  # fmt: skip
        """Columns out of rows; a variable that no study has is left out.

        Examples
        --------
        >>> made = Sample.of(["a", "b"], [datetime(2026, 1, 1)] * 2, [{"age": 40.0}, {"sex": "F"}])
        >>> made.numbers["age"].tolist(), made.categories["sex"].tolist()
        ([40.0, nan], [None, 'F'])
        """
        known = {name for row in facts for name, value in row.items() if value is not None}
        numbers: dict[str, NDArray[np.float64]] = {}
        categories: dict[str, NDArray[np.object_]] = {}
        for name, (kind, _) in WATCHED.items():
            if name not in known or kind == "vector":
                continue
            column = [row.get(name) for row in facts]
            if kind == "number":
                numbers[name] = np.array([np.nan if value is None else float(value) for value in column])
            else:
                categories[name] = np.array([None if value is None else str(value) for value in column], dtype=object)
        moments = np.array([moment.replace(tzinfo=None) for moment in at], dtype="datetime64[s]")
        return cls(np.array(ids, dtype=np.str_), moments, numbers, categories, _stacked(vectors))

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: slice | NDArray[np.intp] | NDArray[np.bool_]) -> Self:
        """These rows."""
        return type(self)(
            self.ids[rows],
            self.at[rows],
            {name: column[rows] for name, column in self.numbers.items()},
            {name: column[rows] for name, column in self.categories.items()},
            None if self.vectors is None else self.vectors[rows],
        )

    def names(self) -> list[str]:
        """Variables that some study has, in the order of the table."""
        here = {*self.numbers, *self.categories} | ({EMBEDDING} if self.vectors is not None else set())
        return [name for name in WATCHED if name in here]


def _stacked(vectors: Sequence[NDArray[np.float32] | None] | None) -> NDArray[np.float32] | None:
    width = next((len(one) for one in vectors or () if one is not None), None)
    if vectors is None or width is None:
        return None
    empty = np.full(width, np.nan, dtype=np.float32)
    return np.stack([empty if one is None else one.astype(np.float32) for one in vectors])
