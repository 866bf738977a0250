"""What is known of every image or report, in columns: probabilities, claims, places.

A search asks about one concept at a time over the whole archive: a column answers it in microseconds where rows
of the database would take seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from prosvet.archive.rows import FindingRow
from prosvet.core.types import Side, Status, Zone
from prosvet.index.base import Ids

__all__ = ["CLAIM", "SIDES", "ZONES", "ClaimKind", "Facts", "Row"]

SIDES = {Side.LEFT: 1, Side.RIGHT: 2, Side.BILATERAL: 3, Side.MIDLINE: 4}
"""Sides as bits: both sides are left and right."""
ZONES = {Zone.UPPER: 1, Zone.MIDDLE: 2, Zone.LOWER: 4, Zone.DIFFUSE: 7}
"""Zones as bits: diffuse is everywhere."""

CLAIM = np.dtype([("row", "<i4"), ("kind", "i1"), ("by_model", "?"), ("side", "u1"), ("zone", "u1")])


class ClaimKind(IntEnum):
    """What is claimed; a greater one stands where several claims of one origin meet."""

    ABSENT = 0
    UNCERTAIN = 1
    PRESENT = 2


_KINDS = {Status.ABSENT: ClaimKind.ABSENT, Status.UNCERTAIN: ClaimKind.UNCERTAIN, Status.PRESENT: ClaimKind.PRESENT}


class Row(NamedTuple):
    """One image or report: its id, findings and the model's probabilities."""

    id: int
    findings: tuple[FindingRow, ...]
    scores: Mapping[str, float]


class Facts:
    """Columns over images or reports.

    Attributes
    ----------
    ids : ndarray, shape (N,), int64
        Ascending.
    scores : dict of concept to ndarray, shape (N,), float16
        Calibrated probabilities; NaN where not assessed.
    claims : dict of concept to ndarray of CLAIM
        Who says what: row number, kind, whether a model says it, side and zone bits (0 unknown).
    """

    def __init__(self, ids: Ids, scores: dict[str, NDArray[np.float16]], claims: dict[str, NDArray[np.void]]) -> None:
        self.ids, self.scores, self.claims = ids, scores, claims

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def build(cls, rows: Iterable[Row]) -> Self:
        """Gather rows, ids ascending, into columns."""
        ids: list[int] = []
        scores: dict[str, list[tuple[int, float]]] = {}
        claims: dict[str, list[tuple[int, int, bool, int, int]]] = {}
        for number, row in enumerate(rows):
            ids.append(row.id)
            for concept, value in row.scores.items():
                scores.setdefault(concept, []).append((number, value))
            for f in row.findings:
                if f.status in _KINDS:
                    place = (SIDES[f.side] if f.side else 0, ZONES[f.zone] if f.zone else 0)
                    claim = (number, int(_KINDS[f.status]), f.origin.startswith("model:"), *place)
                    claims.setdefault(f.concept, []).append(claim)
        columns = {concept: _column(values, len(ids)) for concept, values in scores.items()}
        tables = {concept: np.array(values, dtype=CLAIM) for concept, values in claims.items()}
        return cls(np.array(ids, dtype=np.int64), columns, tables)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote."""
        with np.load(folder / "facts.npz") as held:
            scores = {key.removeprefix("score:"): held[key] for key in held.files if key.startswith("score:")}
            claims = {key.removeprefix("claim:"): held[key] for key in held.files if key.startswith("claim:")}
            return cls(held["ids"], scores, claims)

    def save(self, folder: Path) -> None:
        """Write ``facts.npz`` into an existing folder."""
        scores = {f"score:{concept}": column for concept, column in self.scores.items()}
        claims = {f"claim:{concept}": table for concept, table in self.claims.items()}
        np.savez(folder / "facts.npz", ids=self.ids, **scores, **claims)  # type: ignore[arg-type]

    def positions(self, ids: Ids) -> NDArray[np.int64]:
        """Row numbers of `ids`; -1 where an id is not held."""
        place = np.searchsorted(self.ids, ids)
        inside = place < len(self.ids)
        inside[inside] = self.ids[place[inside]] == np.asarray(ids)[inside]
        return np.where(inside, place, -1)


def _column(values: list[tuple[int, float]], count: int) -> NDArray[np.float16]:
    column = np.full(count, np.nan, dtype=np.float16)
    rows, numbers = zip(*values, strict=True)
    column[list(rows)] = numbers
    return column
