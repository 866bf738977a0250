"""Which correction a finding gets: the least that patient-grouped cross-validation shows to be better, or none.

The order of suspicion is the model's: a finding whose labels do not follow the model's scores gets nothing at all,
since such labels are more often a shifted table than a site where the model is blind. A recalibration must win
against the model by more than its own error; a residual must win against the recalibration as well, and must not put
films in a worse order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu, norm

from prosvet.models.adapter import Kind, log_odds
from prosvet.training.pipeline.paired_tests import auroc_test
from prosvet.training.site.cases import Cases, folds
from prosvet.training.site.linear import Basis, Line, fit_line

__all__ = ["FOLDS", "LEAST", "PENALTIES", "Chosen", "choose", "log_loss", "weights_of"]

Floats = NDArray[np.float64]

FOLDS = 5
LEAST = 8
"""Patients with the finding, and without it, below which nothing is adapted."""
PENALTIES = (1.0, 3.0, 10.0, 30.0)
_BEFORE = float(norm.ppf(0.95))  # standard errors by which a correction must win
_AGREE = 0.01  # chance, over all findings together, that labels of other films pass for the model's
_FLATTEST, _STEEPEST = 0.2, 5.0


@dataclass(frozen=True)
class Chosen:
    """What a finding gets. ``why`` is a key under ``site.why`` in the locales; ``line`` is None for identity."""

    kind: Kind
    why: str
    line: Line | None = None
    penalty: float | None = None


@dataclass(frozen=True)
class _Table:
    """One finding: the films that are labelled, and their folds."""

    own: Floats
    z: Floats
    vectors: Floats
    basis: Basis
    features: Floats
    labels: Floats
    weights: Floats
    patients: NDArray[np.str_]
    fold: NDArray[np.int64]


def choose(cases: Cases, seed: int = 0) -> dict[str, Chosen]:
    """For each finding its correction, fitted on all of `cases`; findings without labels are left out.

    The directions of the residual come from all films, without their labels.
    """
    z_all = log_odds(cases.scores)
    basis = Basis.of(z_all, cases.vectors)
    features = basis(z_all, cases.vectors)
    found: dict[str, Chosen] = {}
    labelled = [k for k in range(len(cases.findings)) if np.isfinite(cases.labels[:, k]).any()]
    for k in labelled:
        known = np.isfinite(cases.labels[:, k])
        labels, patients = cases.labels[known, k], cases.patients[known]
        table = _Table(
            z_all[known, k], z_all[known], cases.vectors[known], basis, features[known], labels, weights_of(patients),
            patients, folds(patients, labels, FOLDS, seed),
        )  # fmt: skip
        found[cases.findings[k]] = _one(table, len(labelled))
    return found


def weights_of(patients: NDArray[np.str_]) -> Floats:
    """A weight for each film, so that a patient with many counts once."""
    _, of, count = np.unique(patients, return_inverse=True, return_counts=True)
    found: Floats = 1 / count[of]
    return found


def log_loss(z: Floats, labels: Floats) -> Floats:
    """Log loss, nats, of each film with log-odds `z`."""
    found: Floats = np.logaddexp(0, z) - labels * z
    return found


def _one(table: _Table, findings: int) -> Chosen:
    sick = table.labels == 1
    if min(len(np.unique(table.patients[side])) for side in (sick, ~sick)) < LEAST:
        return Chosen("identity", "few")
    if not _agrees(table, sick, findings):
        return Chosen("identity", "labels_differ")
    plain = log_loss(table.own, table.labels)
    tried = _out_of_fold(table)
    loss = {penalty: log_loss(z, table.labels) for penalty, z in tried.items()}
    recalibrated = _wins(plain - loss[None], table)
    best = min((p for p in loss if p is not None), key=lambda p: float(np.average(loss[p], weights=table.weights)))
    rival = loss[None] if recalibrated else plain
    if _wins(rival - loss[best], table) and _keeps_order(table, tried[best], sick):
        return _fitted(table, "residual", best)
    return _fitted(table, "recalibrated", None) if recalibrated else Chosen("identity", "no_gain")


def _agrees(table: _Table, sick: NDArray[np.bool_], findings: int) -> bool:
    """Whether the model's order agrees with the labels far beyond chance: Wilcoxon's test, a patient once a class."""
    above, below = (_by_patient(table.own[side], table.patients[side]) for side in (sick, ~sick))
    return bool(mannwhitneyu(above, below, alternative="greater").pvalue < _AGREE / findings)


def _by_patient(values: Floats, patients: NDArray[np.str_]) -> Floats:
    names, of = np.unique(patients, return_inverse=True)
    found: Floats = np.bincount(of, weights=values) / np.bincount(of, minlength=len(names))
    return found


def _out_of_fold(table: _Table) -> dict[float | None, Floats]:
    """Log-odds of each film by corrections that did not see its patient; None is the recalibration."""
    found: dict[float | None, Floats] = {penalty: np.empty_like(table.own) for penalty in (None, *PENALTIES)}
    for fold in range(FOLDS):
        test = table.fold == fold
        lines = _lines(table, ~test, (None, *PENALTIES))
        for penalty, line in lines.items():
            found[penalty][test] = line(table.own[test], table.z[test], table.vectors[test])
    return found


def _lines(table: _Table, rows: NDArray[np.bool_], penalties: tuple[float | None, ...]) -> dict[float | None, Line]:
    own, labels, weights, features = (a[rows] for a in (table.own, table.labels, table.weights, table.features))
    return {
        penalty: fit_line(own, labels, weights, table.basis, None if penalty is None else features, penalty or 1.0)
        for penalty in penalties
    }


def _wins(gain: Floats, table: _Table) -> bool:
    """Whether a gain per film is above 0 by more than its error, patients drawn as wholes."""
    names, of = np.unique(table.patients, return_inverse=True)
    mine = np.bincount(of, weights=gain * table.weights, minlength=len(names))  # a patient's films weigh 1 together
    error = float(mine.std(ddof=1)) / np.sqrt(len(mine))
    return bool(float(mine.mean()) > _BEFORE * error)


def _keeps_order(table: _Table, z: Floats, sick: NDArray[np.bool_]) -> bool:
    return auroc_test(table.own, z, sick, table.patients).value >= 0


def _fitted(table: _Table, kind: Kind, penalty: float | None) -> Chosen:
    line = _lines(table, np.ones(len(table.own), dtype=np.bool_), (penalty,))[penalty]
    if not _FLATTEST <= line.scale <= _STEEPEST:
        return Chosen("identity", "order_lost")
    return Chosen(kind, kind, line, penalty)
