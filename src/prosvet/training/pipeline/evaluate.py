"""Evaluate: the model in force and the challenger on the same films kept apart, finding by finding, set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import RetrainingError
from prosvet.core.types import Frozen
from prosvet.models.card import Card
from prosvet.models.examine import Examiner
from prosvet.training.pipeline.films import label_matrix, scores_of
from prosvet.training.pipeline.freeze import frozen, frozen_rows
from prosvet.training.pipeline.pack_folder import card_of, model_digest
from prosvet.training.pipeline.paired_tests import PairedTest, auroc_test, calls_test
from prosvet.training.pipeline.plan import Policy
from prosvet.training.pipeline.steps import write_text

__all__ = ["METRICS", "SCORES", "Compared", "Comparison", "Metric", "compare", "evaluate_inputs", "evaluate_into",
           "scored"]  # fmt: skip

Floats = NDArray[np.float64]
Metric = Literal["auroc", "sensitivity", "specificity"]
METRICS: tuple[Metric, ...] = ("auroc", "sensitivity", "specificity")
SCORES = "scores.npz"
_COMPARED = "current.json"


class Compared(Frozen):
    """What was put side by side: name and revision of both models, and how many films neither could read."""

    current: str
    challenger: str
    current_digest: str
    challenger_digest: str
    operating_point: str
    unread: int


class Comparison(Frozen):
    """One metric of one finding on one set.

    Attributes
    ----------
    positives, negatives : int
        Patients with the finding, and without.
    current, challenger, difference, low, high, p : float or None
        None where it was not tested; ``difference`` is the challenger's less the current one's.
    state : str
        ``tested``; ``same``: every answer of both models is equal, so there is nothing to test; ``not_assessed``: too
        few patients of either kind.
    """

    set: str
    concept: str
    metric: Metric
    positives: int
    negatives: int
    state: Literal["tested", "same", "not_assessed"]
    current: float | None = None
    challenger: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def _pair(run: Path, context: Context) -> tuple[Examiner, Examiner]:
    """The model in force, with the site's adapter where there is one, and the challenger."""
    settings = context.settings
    challenger = card_of(run / "train")
    return Examiner.from_context(context), Examiner(challenger, settings.threads, settings.operating_point)


def evaluate_inputs(run: Path, context: Context) -> dict[str, Any]:
    """What the result depends on."""
    current, challenger = _pair(run, context)
    return {
        "data": frozen(run).manifest, "current": [current.ref.revision, model_digest(current.card)],
        "challenger": model_digest(challenger.card), "operating_point": context.settings.operating_point,
    }  # fmt: skip


def evaluate_into(folder: Path, run: Path, context: Context) -> None:
    """Write both models' scores of the films kept apart into `folder`.

    Raises
    ------
    RetrainingError
        When the models do not know the same findings, or not one film can be read.
    """
    current, challenger = _pair(run, context)
    if current.card.labels != challenger.card.labels:
        raise RetrainingError(reason="other_findings")
    rows = [row for row in frozen_rows(run) if row.part == "check"]
    one, two = scores_of(rows, (current, challenger), context)
    read = np.isfinite(one).any(axis=1) & np.isfinite(two).any(axis=1)
    if not read.any():
        raise RetrainingError(reason="nothing_read")
    np.savez(
        folder / SCORES, current=one[read], challenger=two[read],
        labels=label_matrix(rows, current.card.labels)[read],
        sets=np.array([row.set for row in rows])[read], patients=np.array([row.patient for row in rows])[read],
        thresholds=np.array([_thresholds(e.card, context.settings.operating_point) for e in (current, challenger)]),
    )  # fmt: skip
    told = Compared(
        current=f"{current.ref.name}@{current.ref.revision}",
        challenger=f"{challenger.ref.name}@{challenger.ref.revision}",
        current_digest=model_digest(current.card), challenger_digest=model_digest(challenger.card),
        operating_point=context.settings.operating_point, unread=int((~read).sum()),
    )  # fmt: skip
    write_text(folder / _COMPARED, told.model_dump_json(indent=1))


def _thresholds(card: Card, point: str) -> list[float]:
    own = card.operating_points[point]
    return [own[label].threshold if label in own else np.nan for label in card.labels]


def scored(run: Path) -> tuple[Compared, dict[str, NDArray[Any]]]:
    """What :func:`evaluate_into` wrote."""
    folder = run / "evaluate"
    with np.load(folder / SCORES) as kept:
        return Compared.model_validate_json((folder / _COMPARED).read_text(encoding="utf-8")), dict(kept)


def compare(found: Mapping[str, NDArray[Any]], labels: Sequence[str], policy: Policy) -> tuple[Comparison, ...]:
    """Every metric of every finding on every set.

    Parameters
    ----------
    found : mapping
        ``current`` and ``challenger`` (N, K), ``labels`` (N, K), ``sets`` and ``patients`` (N,), ``thresholds`` (2, K).
    """
    made = []
    for name in dict.fromkeys(found["sets"].tolist()):
        inside = found["sets"] == name
        for column, concept in enumerate(labels):
            rows = inside & np.isfinite(found["labels"][:, column])
            if rows.any():
                made += _of_finding(name, concept, column, rows, found, policy)
    return tuple(made)


def _of_finding(
    name: str, concept: str, column: int, rows: NDArray[np.bool_], found: Mapping[str, NDArray[Any]], policy: Policy
) -> list[Comparison]:
    one, two = found["current"][rows, column], found["challenger"][rows, column]
    sick, patients = found["labels"][rows, column] > 0.5, found["patients"][rows]
    first, second = found["thresholds"][:, column]
    counts = {"positives": len(np.unique(patients[sick])), "negatives": len(np.unique(patients[~sick]))}
    unchanged = bool((one == two).all()) and (first == second or np.isnan([first, second]).all())
    made = []
    for metric in METRICS:
        if metric != "auroc" and np.isnan([first, second]).any():
            continue  # neither calls it: the finding is "not assessed" in the reading itself
        common: dict[str, Any] = {"set": name, "concept": concept, "metric": metric, **counts}
        if unchanged:
            made.append(Comparison(**common, state="same"))
        elif min(counts.values()) < policy.least:
            made.append(Comparison(**common, state="not_assessed"))
        else:
            figures = _figures(metric, one, two, sick, patients, first, second)
            made.append(Comparison.model_validate({**common, "state": "tested", **figures}))
    return made


def _figures(
    metric: Metric, one: Floats, two: Floats, sick: NDArray[np.bool_], patients: NDArray[np.str_], first: float,
    second: float,
) -> dict[str, float]:  # fmt: skip
    test: PairedTest
    if metric == "auroc":
        test = auroc_test(one, two, sick, patients)
    else:
        of = sick if metric == "sensitivity" else ~sick
        right = ((one[of] >= first) == sick[of]), ((two[of] >= second) == sick[of])
        test = calls_test(*right, patients[of])
    return {
        "current": round(test.first, 4), "challenger": round(test.second, 4), "difference": round(test.value, 4),
        "low": round(test.low, 4), "high": round(test.high, 4), "p": float(f"{test.p:.3g}"),
    }  # fmt: skip
