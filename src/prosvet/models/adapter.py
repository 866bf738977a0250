"""A site's adapter: a small linear correction of one model's findings, with the site's own thresholds.

For a finding with an adaptation the log-odds become ``scale * z + shift + logits · Z + vector · v``, where z is the
model's own log-odds of the finding, Z those of all its findings and v the film's vector. A finding without one is
left exactly as it was. The input is what the archive keeps (probabilities to four places, the vector in half
precision), so that a stored film scored again gives the same as the film read again, with no network run.

An adapter lies in ``HOME/sites/SITE/adapters/VERSION/``: ``card.json``, which says what it was fitted on and how it
compares, and ``adapter.npz``, the numbers (no pickle), whose hash the card carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from prosvet.core.types import Frozen, Moment, Probability
from prosvet.models.card import Card

__all__ = [
    "LARGEST",
    "WIDTH",
    "Adapter",
    "AdapterCard",
    "Compared",
    "FiledMoment",
    "FindingAdaptation",
    "SitePoint",
    "Weights",
    "adapted",
    "as_kept",
    "base_revision",
    "log_odds",
]

Floats = NDArray[np.float64]
FiledMoment = Annotated[Moment, AfterValidator(lambda moment: moment.astimezone(UTC).replace(tzinfo=None)
                        if moment.tzinfo else moment)]  # fmt: skip
"""A time that is read back from a file as it was written."""
Kind = Literal["identity", "recalibrated", "residual"]

LARGEST = 5_000_000
"""Bytes of an adapter, numbers and card together."""
WIDTH = 512
_EDGE = 5e-5  # half of the last place that is kept: a score of 0 or 1 is finite log-odds


class SitePoint(Frozen):
    """A threshold of the adapted probability, what it gave out of the fold, and whether the site moved it.

    ``moved`` is false where the model's own threshold was only carried over: then it calls the same films as before,
    but for those that the residual moves.
    """

    threshold: Probability
    sensitivity: Probability
    specificity: Probability
    moved: bool


class Compared(Frozen):
    """Global against local on the same films, each out of its fold; intervals of 95 %, by patient.

    Attributes
    ----------
    auroc_global, auroc_local : float or None
        None where a class is missing.
    auroc_low, auroc_high : float or None
        Of local less global.
    loss_global, loss_local : float
        Mean log loss, nats; lower is better.
    loss_low, loss_high : float
        Of local less global.
    """

    auroc_global: float | None = None
    auroc_local: float | None = None
    auroc_low: float | None = None
    auroc_high: float | None = None
    loss_global: float
    loss_local: float
    loss_low: float
    loss_high: float


class FindingAdaptation(Frozen):
    """What was done with one finding and why.

    Attributes
    ----------
    why : str
        A key under ``site.why`` in the locales.
    positives, negatives, patients : int
        Labelled films and whose they are.
    penalty : float or None
        Of the residual.
    """

    kind: Kind
    why: str
    positives: int
    negatives: int
    patients: int
    scale: float = 1.0
    shift: float = 0.0
    penalty: float | None = None
    compared: Compared | None = None
    points: dict[str, SitePoint] = Field(default_factory=dict)


class AdapterCard(Frozen):
    """Everything that is known of an adapter.

    Attributes
    ----------
    model, revision : str
        The base that it was made for; it is refused with any other.
    sha256 : str
        Of the file of numbers.
    labels_from : str
        Name of the table, or ``marks``.
    data_sha256 : str
        Of the labels with the scores and vectors they were put beside.
    first, last : str or None
        Days of the studies, where known.
    seen : tuple of str
        Keyed hashes of the patients it was fitted on, so that a later comparison leaves them out.
    findings : dict
        What became of each finding that was labelled.
    """

    site: str
    version: int = Field(ge=1)
    name: str = ""
    model: str
    revision: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0, le=LARGEST)
    created: FiledMoment
    by: str
    labels_from: str
    data_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    films: int
    studies: int
    patients: int
    first: str | None = None
    last: str | None = None
    folds: int
    seed: int
    seen: tuple[str, ...] = ()
    labels: tuple[str, ...]
    findings: dict[str, FindingAdaptation]


@dataclass(frozen=True)
class Weights:
    """The numbers of an adapter for K findings.

    Attributes
    ----------
    active : ndarray of bool, shape (K,)
        Findings with an adaptation; the others are left as they are.
    scale, shift : ndarray, shape (K,)
    logits : ndarray, shape (K, K)
    vector : ndarray, shape (K, 512)
    """

    active: NDArray[np.bool_]
    scale: Floats
    shift: Floats
    logits: Floats
    vector: Floats

    @classmethod
    def identity(cls, findings: int, width: int = WIDTH) -> Weights:
        """An adapter that changes nothing."""
        return cls(np.zeros(findings, dtype=np.bool_), np.ones(findings), np.zeros(findings),
                   np.zeros((findings, findings)), np.zeros((findings, width)))  # fmt: skip

    def __call__(self, probabilities: Floats, vectors: NDArray[Any]) -> Floats:
        """Adapted probabilities (N, K), to four places, of the model's own (N, K) and the vectors (N, 512)."""
        kept, rows = as_kept(probabilities, vectors)
        if not self.active.any():
            return kept
        z = log_odds(kept)
        adapted_z = self.scale * z + self.shift + z @ self.logits.T + rows @ self.vector.T
        return np.where(self.active, np.round(1 / (1 + np.exp(-adapted_z)), 4), kept)


@dataclass(frozen=True)
class Adapter:
    """An adapter that was read and checked; ``sha256`` is of its card's file."""

    card: AdapterCard
    weights: Weights
    sha256: str

    @property
    def revision(self) -> str:
        """What the adapted model is called: ``BASE+SITE.VERSION``."""
        return f"{self.card.revision}+{self.card.site}.{self.card.version}"

    def scores(self, scores: dict[str, float], vector: NDArray[Any]) -> dict[str, float]:
        """The adapted scores of one film."""
        row = np.array([[scores[label] for label in self.card.labels]])
        found = self.weights(row, vector[None])[0]
        return {label: float(p) for label, p in zip(self.card.labels, found, strict=True)}


def as_kept(probabilities: Floats, vectors: NDArray[Any]) -> tuple[Floats, Floats]:
    """Scores and vectors as the archive keeps them: four places, half precision."""
    kept: Floats = np.asarray(probabilities, dtype=np.float64).round(4)
    halved = np.asarray(vectors, dtype=np.float16)
    return kept, np.array(halved, dtype=np.float64)


def log_odds(probabilities: Floats) -> Floats:
    """Log-odds of probabilities of four places; 0 and 1 count as half of the last place away from the edge.

    Examples
    --------
    >>> log_odds(np.array([0.5, 0.0])).round(2).tolist()
    [0.0, -9.9]
    """
    p = np.clip(probabilities, _EDGE, 1 - _EDGE)
    z: Floats = np.log(p) - np.log1p(-p)
    return z


def base_revision(revision: str) -> str:
    """The revision of the networks alone: vectors of a base and of its adaptations lie in one space.

    Examples
    --------
    >>> base_revision("2026.11.2+north.3")
    '2026.11.2'
    """
    return revision.partition("+")[0]


def adapted(base: Card, adapter: Adapter) -> Card:
    """The card of `base` with the adapter's revision and thresholds.

    Curves of the base belong to the base alone, and so do its figures: the site's own stand in the adapter's card.
    """
    points = {kind: dict(found) for kind, found in base.operating_points.items()}
    for label, finding in adapter.card.findings.items():
        for kind, point in finding.points.items():
            if label in points.get(kind, {}):
                points[kind][label] = points[kind][label].model_copy(update={
                    "threshold": point.threshold, "sensitivity": point.sensitivity, "specificity": point.specificity,
                    "chosen_on": f"{adapter.card.site}, {adapter.card.version}", "positives": finding.positives,
                    "negatives": finding.negatives,
                })  # fmt: skip
    return base.model_copy(update={"revision": adapter.revision, "operating_points": points, "figures": ()})
