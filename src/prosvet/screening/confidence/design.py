"""The columns that the learned measures see, fitted once and kept as plain numbers.

The question is whether the decision (abnormal at the operating point and above) is wrong. A column that speaks for or
against disease is turned by the decision: it then speaks against the decision or for it, so that one weight serves both
sides. What says nothing of disease (disagreement, distance, gates, age) stands as it is.
"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, PlainSerializer

from prosvet.core.types import Frozen
from prosvet.screening.confidence.facts import EXTRAS, Facts, Floats, logit

__all__ = ["Array", "Design"]

_DIRECTIONS = 12
_LEAST_KNOWN = 0.5  # a column that is known of fewer is left out


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        content = base64.b64decode(value["float32"])
        return np.frombuffer(content, dtype="<f4").astype(np.float64).reshape(value["shape"])
    return np.asarray(value, dtype="<f4").astype(np.float64)


def _written(value: Floats) -> dict[str, Any]:
    return {"shape": list(value.shape), "float32": base64.b64encode(value.astype("<f4").tobytes()).decode()}


Array = Annotated[
    Any,
    BeforeValidator(_read),
    PlainSerializer(_written, return_type=dict[str, Any]),
]
"""Numbers rounded to 32 bits at once, so that what is used is what is kept; base64 of their bytes in JSON."""


class Design(Frozen):
    """How columns are made: the operating point, the main directions of the vectors, and each column's scale."""

    point: float
    names: tuple[str, ...]
    centre: Array
    directions: Array
    spreads: Array
    extras: tuple[int, ...]
    middles: Array
    means: Array
    scales: Array

    @classmethod
    def fit(cls, facts: Facts, point: float, directions: int = _DIRECTIONS) -> Self:
        """Of complete studies; ``point`` is the score from which the model calls a study abnormal."""
        vectors = facts.vectors.astype(np.float64)
        centre = vectors.mean(axis=0)
        _, sizes, axes = np.linalg.svd(vectors - centre, full_matrices=False)
        k = min(directions, len(axes))
        known = np.isfinite(facts.extras)
        extras = tuple(n for n in range(len(EXTRAS)) if known[:, n].mean() >= _LEAST_KNOWN)
        middles = np.array([np.median(facts.extras[known[:, n], n]) for n in extras])
        spreads = np.maximum(sizes[:k] / np.sqrt(max(1, len(vectors) - 1)), 1e-6)
        width = 5 + len(facts.names) + 2 * k + len(extras)
        made = cls(
            point=point, names=facts.names, centre=centre, directions=axes[:k], spreads=spreads, extras=extras,
            middles=middles, means=np.zeros(width), scales=np.ones(width),
        )  # fmt: skip
        columns = made.columns(facts)
        scales = columns.std(axis=0)
        return made.model_copy(update={
            "means": _read(columns.mean(axis=0)), "scales": _read(np.where(scales > 1e-9, scales, 1.0)),
        })  # fmt: skip

    def columns(self, facts: Facts) -> Floats:
        """(N, P), of zero mean and unit variance on the studies that it was fitted on."""
        side, margin = self.side(facts)
        apart = facts.vectors.astype(np.float64) - self.centre
        places = apart @ self.directions.T
        within = ((places / self.spreads) ** 2).mean(axis=1)
        outside = np.sqrt(np.maximum((apart**2).sum(axis=1) - (places**2).sum(axis=1), 0.0))
        chances = 1 / (1 + np.exp(-facts.findings))
        entropy = -(chances * np.log(chances) + (1 - chances) * np.log1p(-chances)).mean(axis=1)
        others = facts.extras[:, list(self.extras)]
        others = np.where(np.isfinite(others), others, self.middles)
        shares = places / self.spreads
        turned = np.column_stack([facts.findings, shares]) * side[:, None]
        columns = np.column_stack([margin, side, entropy, np.log(within + 1e-6), outside, turned, shares, others])
        return np.asarray((columns - self.means) / self.scales, dtype=np.float64)

    def side(self, facts: Facts) -> tuple[Floats, Floats]:
        """+1 where the model calls a study abnormal and -1 elsewhere; how far the score's logit is from the point."""
        margin = logit(facts.score) - logit(np.array(self.point))
        abnormal: NDArray[np.bool_] = facts.score >= self.point
        return np.where(abnormal, 1.0, -1.0), np.abs(margin)
