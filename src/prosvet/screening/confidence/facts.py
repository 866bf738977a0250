"""What is known of studies besides the score, as columns: the other findings, the vector, the gates, the age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prosvet.core.types import Gates
from prosvet.screening.archived import SCORE, ArchivedStudy
from prosvet.screening.known import packed, unpacked

__all__ = ["EXTRAS", "Facts", "Row", "logit", "row_of"]

Floats = NDArray[np.float64]

EXTRAS = ("chest", "lateral", "inverted", "age", "members", "copies")
"""Facts that say nothing of disease: the gates' logits, years, and how far encoders and copies disagree."""
_EDGE = 1e-4  # scores are kept with four digits


@dataclass(frozen=True)
class Row:
    """One study as it is to be judged: its worst film; None where a thing is not known."""

    score: float
    scores: Mapping[str, float]
    vector: NDArray[np.float32] | None
    gates: Gates | None
    age: float | None
    members: float | None = None
    copies: float | None = None


@dataclass(frozen=True)
class Facts:
    """N studies in columns.

    Attributes
    ----------
    score : ndarray, shape (N,)
        Probability of ``abnormal``.
    findings : ndarray, shape (N, K)
        Logits of the other concepts, by ``names``.
    vectors : ndarray, shape (N, D), float32
        Unit vectors, rounded as the archive keeps them; a row of NaN where there is none.
    extras : ndarray, shape (N, len(EXTRAS))
        NaN where not known.
    """

    names: tuple[str, ...]
    score: Floats
    findings: Floats
    vectors: NDArray[np.float32]
    extras: Floats

    @classmethod
    def of(cls, rows: Sequence[Row], names: Sequence[str] | None = None, width: int = 512) -> Self:
        """From rows; the concepts are those of the first row unless `names` tells them."""
        kept = tuple(names if names is not None else sorted(set(rows[0].scores) - {SCORE}) if rows else ())
        none = np.full(width, np.nan, dtype=np.float32)
        return cls(
            kept, np.array([row.score for row in rows], dtype=np.float64),
            logit(np.array([[row.scores.get(name, np.nan) for name in kept] for row in rows]).reshape(-1, len(kept))),
            np.stack([none if row.vector is None else _rounded(row.vector) for row in rows]) if rows
            else np.zeros((0, width), dtype=np.float32),
            np.array([_extras(row) for row in rows], dtype=np.float64).reshape(-1, len(EXTRAS)),
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.score)

    def where(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Facts:
        """Some of the studies."""
        return Facts(self.names, *(getattr(self, one.name)[rows] for one in fields(self)[1:]))

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Studies of which the vector and the other findings are known: only of those can anything be learned."""
        known = np.isfinite(self.vectors).all(axis=1) & np.isfinite(self.findings).all(axis=1)
        return np.asarray(known, dtype=np.bool_)


def row_of(study: ArchivedStudy) -> Row | None:
    """The study's worst film as the archive holds it; None where the model has not seen the study."""
    worst = study.worst
    if worst is None or worst.score is None or worst.vector is None:
        return None
    gates = Gates.model_validate(worst.gates) if worst.gates else None
    return Row(worst.score, worst.scores, unpacked([worst.vector])[0], gates, study.age)


def logit(share: Floats) -> Floats:
    """Of probabilities, kept off 0 and 1 by the digits that are stored."""
    held = np.clip(share, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(held) - np.log1p(-held), dtype=np.float64)


def _rounded(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """As a vector comes back from the archive: what is decided on a fresh film is what was calibrated on a kept one."""
    return np.asarray(unpacked([packed(vector)])[0], dtype=np.float32)


def _extras(row: Row) -> tuple[float, ...]:
    gates = row.gates
    chances = (np.nan,) * 3 if gates is None else (
        gates.chest_xray_probability, gates.lateral_probability, gates.inverted_probability,
    )  # fmt: skip
    odds = logit(np.array(chances, dtype=np.float64))
    others = (row.age, row.members, row.copies)
    return (*odds.tolist(), *(np.nan if one is None else float(one) for one in others))
