"""Train, the quick way: the last layer fitted anew on the frozen films, in minutes on two cores and without torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import RetrainingError
from prosvet.models.card import Card, OperatingPoint
from prosvet.models.examine import Examiner
from prosvet.training.pipeline.films import features_of, label_matrix
from prosvet.training.pipeline.head_fit import Fitted, Space, fit_finding, folds_of
from prosvet.training.pipeline.head_graph import HeadGraph
from prosvet.training.pipeline.manifest import FrozenSet, Row
from prosvet.training.pipeline.plan import TrainPlan
from prosvet.training.pipeline.steps import write_text

__all__ = ["FITTED", "HeadResult", "eligible", "refit_head", "thresholds_kept", "train_head"]

Floats = NDArray[np.float64]

FITTED = "fitted.json"
_LEAST_NEGATIVES = 30
"""Films without a finding below which its threshold is not moved: a share of them would say too little."""


@dataclass(frozen=True)
class HeadResult:
    """The change of the head, and what is known of it.

    Attributes
    ----------
    slopes : ndarray, shape (K, D)
    shifts : ndarray, shape (K,)
        Change of the logits: ``features @ slopes.T + shifts``.
    fitted : dict of concept to Fitted
    """

    slopes: Floats
    shifts: Floats
    fitted: dict[str, Fitted]


def eligible(frozen: FrozenSet, labels: Sequence[str], least: int) -> tuple[str, ...]:
    """Findings with films enough to learn from, and enough films apart to judge by: no other head is touched."""

    def enough(concept: str, part: str) -> bool:
        places = [place for place in frozen.films if place.endswith(f"/{part}")]
        return any(
            min(found.get(place, {}).get(concept, 0) for found in (frozen.positives, frozen.negatives)) >= least
            for place in places
        )

    return tuple(c for c in labels if enough(c, "train") and enough(c, "check"))


def refit_head(
    features: NDArray[np.float32], logits: Floats, labels: Floats, patients: NDArray[np.str_], card: Card,
    concepts: Sequence[str], seed: int,
) -> HeadResult:  # fmt: skip
    """Fit the heads of `concepts` anew on `features` (N, D) of films with `logits` and `labels`, each (N, K)."""
    space = Space.of(features)
    z, folds = space(features), folds_of(patients, seed)
    slopes, shifts = np.zeros((len(card.labels), features.shape[1])), np.zeros(len(card.labels))
    fitted = {}
    for concept in concepts:
        column, platt = card.labels.index(concept), card.calibration[concept]
        base = platt.scale * logits[:, column] + platt.shift
        fitted[concept] = found = fit_finding(z, base, labels[:, column], patients, folds)
        if found.ridge is not None:
            slope, shift = space.plain(found.direction)
            slopes[column], shifts[column] = slope / platt.scale, shift / platt.scale
    return HeadResult(slopes, shifts, fitted)


def thresholds_kept(card: Card, result: HeadResult, logits: Floats, labels: Floats) -> dict[str, Any]:
    """Operating points of `card` with those of the moved findings placed anew.

    A threshold comes to lie where, over left-out patients, it calls as large a share of the films without the finding
    as the old one called under the old head: what changes is how many films with the finding are called.
    """
    points: dict[str, dict[str, OperatingPoint]] = {name: dict(own) for name, own in card.operating_points.items()}
    for concept, found in result.fitted.items():
        if found.ridge is None:
            continue
        column, platt = card.labels.index(concept), card.calibration[concept]
        old = _probability(platt.scale * logits[:, column] + platt.shift)
        new, label = _probability(found.apart), labels[:, column]
        known = np.isfinite(label) & np.isfinite(new)
        for own in points.values():
            if concept in own:
                own[concept] = _placed(own[concept], old[known], new[known], label[known] > 0.5)
    return {name: {c: p.model_dump() for c, p in own.items()} for name, own in points.items()}


def _placed(point: OperatingPoint, old: Floats, new: Floats, sick: NDArray[np.bool_]) -> OperatingPoint:
    threshold = point.threshold
    if (~sick).sum() >= _LEAST_NEGATIVES:
        called = int((old[~sick] >= threshold).sum())
        falling = np.sort(new[~sick])[::-1]
        # Halfway between the last film that is called and the first that is not.
        upper = falling[called - 1] if called else 1.0
        lower = falling[called] if called < len(falling) else 0.0
        threshold = float(np.clip((upper + lower) / 2, 0.0, 1.0))
    return OperatingPoint(
        threshold=round(threshold, 4), sensitivity=round(float((new[sick] >= threshold).mean()), 3),
        specificity=round(float((new[~sick] < threshold).mean()), 3), chosen_on="site, out of fold",
        positives=int(sick.sum()), negatives=int((~sick).sum()),
    )  # fmt: skip


def _probability(u: Floats) -> Floats:
    return 1 / (1 + np.exp(-u))


def train_head(
    rows: Sequence[Row], frozen: FrozenSet, plan: TrainPlan, parent: Examiner, folder: Path, context: Context
) -> tuple[Path, dict[str, Any]]:
    """Write ``encoder.onnx`` into `folder`; returns its path and what the card says otherwise than the parent's.

    Raises
    ------
    RetrainingError
        When no finding has films enough, or none of the films can be read.
    """
    card = parent.card
    concepts = eligible(frozen, card.labels, plan.least)
    if not concepts:
        raise RetrainingError(reason="too_few", least=plan.least)
    graph = HeadGraph(_encoder(card), len(card.labels))
    numbers, logits, features = features_of(rows, parent, graph, context)
    if len(numbers) < 2 * plan.least:
        raise RetrainingError(reason="too_few_read", n=len(numbers), least=2 * plan.least)
    read = [rows[n] for n in numbers]
    labels = label_matrix(read, card.labels)
    result = refit_head(features, logits, labels, np.array([r.patient for r in read]), card, concepts, plan.seed)
    path = folder / "encoder.onnx"
    graph.moved(result.slopes, result.shifts, path)
    write_text(folder / FITTED, json.dumps(_told(result, labels, card), indent=1))
    return path, {"operating_points": thresholds_kept(card, result, logits, labels)}


def _encoder(card: Card) -> Path:
    from prosvet.models.card import verified_path

    return verified_path(card, "encoder")


def _told(result: HeadResult, labels: Floats, card: Card) -> dict[str, Any]:
    return {
        concept: {
            "moved": found.ridge is not None, "ridge": found.ridge, "gain": round(found.gain, 5),
            "gain_error": round(found.gain_error, 5),
            "positives": int((labels[:, card.labels.index(concept)] == 1).sum()),
            "negatives": int((labels[:, card.labels.index(concept)] == 0).sum()),
        }
        for concept, found in result.fitted.items()
    }  # fmt: skip
