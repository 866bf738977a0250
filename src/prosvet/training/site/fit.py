"""From a site's labelled films to an adapter: what each finding gets, how it compares, and the numbers.

The comparison is of the whole procedure: the films are parted by patient, everything (choice, correction, thresholds)
is fitted anew on four parts and held against the model on the fifth. A finding that loses there stays as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.models.adapter import Compared, FindingAdaptation, SitePoint, Weights, log_odds
from prosvet.training.pipeline.paired_tests import auroc_test
from prosvet.training.site.cases import Cases, folds
from prosvet.training.site.choose import FOLDS, Chosen, choose, log_loss, weights_of
from prosvet.training.site.linear import Line
from prosvet.training.site.thresholds import carried, site_points

__all__ = ["Fitted", "Points", "adapted_z", "compared", "fit"]

Floats = NDArray[np.float64]
Points = Mapping[str, Mapping[str, float]]
"""Name of an operating point to finding to the model's own threshold."""


@dataclass(frozen=True)
class Fitted:
    """The numbers of an adapter and what is told of each finding; findings without labels are not told of."""

    weights: Weights
    findings: dict[str, FindingAdaptation]


def fit(cases: Cases, points: Points, seed: int = 0) -> Fitted:
    """Fit an adapter on `cases`.

    Parameters
    ----------
    points : mapping of operating point to finding to threshold
        Of the model's own card; a finding without one gets none.
    """
    chosen, held_out = choose(cases, seed), _held_out(cases, seed)
    weights = Weights.identity(len(cases.findings), cases.vectors.shape[1])
    findings = {}
    for finding, one in chosen.items():
        k = cases.findings.index(finding)
        known = np.isfinite(cases.labels[:, k])
        mine = cases.rows(known)
        own, labels = log_odds(mine.scores)[:, k], mine.labels[:, k]
        told = compared(own, held_out[known, k], labels, mine.patients) if one.line is not None else None
        if told is not None and told.loss_local >= told.loss_global:
            one = Chosen("identity", "held_out_loses")
        if one.line is not None:
            _put(weights, k, one.line)
        z = held_out[known, k] if one.line is not None else own
        findings[finding] = FindingAdaptation(
            kind=one.kind, why=one.why, positives=int((labels == 1).sum()), negatives=int((labels == 0).sum()),
            patients=len(np.unique(mine.patients)), scale=round(one.line.scale, 4) if one.line else 1.0,
            shift=round(one.line.shift, 4) if one.line else 0.0, penalty=one.penalty, compared=told,
            points=_points(finding, k, one, mine, z, points),
        )  # fmt: skip
    return Fitted(weights, findings)


def adapted_z(chosen: Mapping[str, Chosen], cases: Cases) -> Floats:
    """Log-odds (N, K) of films after the corrections."""
    z = log_odds(cases.scores)
    found = z.copy()
    for finding, one in chosen.items():
        if one.line is not None:
            k = cases.findings.index(finding)
            found[:, k] = one.line(z[:, k], z, cases.vectors)
    return found


def compared(own: Floats, local: Floats, labels: Floats, patients: NDArray[np.str_]) -> Compared:
    """Global against local log-odds of the same films: AUROC by DeLong's test, log loss by its mean over patients."""
    sick, weights = labels == 1, weights_of(patients)
    first, second = log_loss(own, labels), log_loss(local, labels)
    names, of = np.unique(patients, return_inverse=True)
    change = np.bincount(of, weights=(second - first) * weights, minlength=len(names))
    middle, error = float(change.mean()), float(change.std(ddof=1)) / np.sqrt(len(change))
    loss = {
        "loss_global": float(np.average(first, weights=weights)),
        "loss_local": float(np.average(second, weights=weights)),
        "loss_low": middle - 1.96 * error, "loss_high": middle + 1.96 * error,
    }  # fmt: skip
    if min(int(sick.sum()), int((~sick).sum())) < 2:
        return Compared(**loss)
    area = auroc_test(own, local, sick, patients)
    return Compared(
        auroc_global=area.first, auroc_local=area.second, auroc_low=area.low, auroc_high=area.high, **loss
    )  # fmt: skip


def _held_out(cases: Cases, seed: int) -> Floats:
    """Log-odds of each film by the whole procedure fitted without its patient."""
    found = log_odds(cases.scores)
    strata = np.nansum(cases.labels, axis=1)
    for fold in np.unique(parts := folds(cases.patients, strata, FOLDS, seed + 1)):
        test = parts == fold
        found[test] = adapted_z(choose(cases.rows(~test), seed), cases.rows(test))
    return found


def _put(weights: Weights, k: int, line: Line) -> None:
    weights.active[k], weights.scale[k], weights.shift[k] = True, line.scale, line.shift
    weights.logits[k], weights.vector[k] = line.logits, line.vector


def _points(finding: str, k: int, one: Chosen, mine: Cases, z: Floats, points: Points) -> dict[str, SitePoint]:
    """The finding's thresholds, where anything differs from the model's own."""
    own_points = {name: table[finding] for name, table in points.items() if finding in table}
    if one.why in ("few", "labels_differ"):
        return {}
    all_z = log_odds(mine.scores)
    start = {name: carried(t, one.line, all_z[:, k], all_z, mine.vectors) for name, t in own_points.items()}
    found = site_points(start, z, mine.labels[:, k])
    return {name: point for name, point in found.items() if one.line is not None or point.moved}
