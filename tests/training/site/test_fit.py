"""Fitting: what is off is put right, what is right is left alone, and labels of other films teach nothing."""

from __future__ import annotations

import numpy as np
import pytest

from prosvet.models.adapter import log_odds
from prosvet.training.site.cases import folds, shuffled
from prosvet.training.site.choose import log_loss
from prosvet.training.site.fit import fit
from prosvet.training.site.linear import Basis, fit_line

from .sites import LABELS, POINTS, TOLD, world

K = LABELS.index("abnormal")


def _loss(weights_of: object, cases: object) -> float:
    z = log_odds(weights_of(cases.scores, cases.vectors))[:, K]
    return float(log_loss(z, cases.labels[:, K]).mean())


def test_a_shift_and_a_scale_are_found_and_help_on_other_patients() -> None:
    fitted = fit(world(300, scale=0.5, shift=2.0), POINTS)
    one = fitted.findings["abnormal"]
    assert one.kind == "recalibrated"
    assert one.scale == pytest.approx(0.5, abs=0.2) and one.shift == pytest.approx(2.0, abs=0.5)
    assert one.compared is not None and one.compared.loss_high < 0
    judges = world(2000, scale=0.5, shift=2.0, seed=9)
    plain = float(log_loss(log_odds(judges.scores)[:, K], judges.labels[:, K]).mean())
    assert _loss(fitted.weights, judges) < plain - 0.1


def test_what_the_vector_tells_is_found_and_orders_films_better() -> None:
    fitted = fit(world(600, hidden=2.5), POINTS)
    one = fitted.findings["abnormal"]
    assert one.kind == "residual" and one.compared is not None
    assert one.compared.auroc_low is not None and one.compared.auroc_low > 0


def test_a_model_that_is_right_is_left_alone() -> None:
    changed = [fit(world(150, seed=seed), POINTS).findings["abnormal"].kind != "identity" for seed in range(10)]
    assert sum(changed) <= 2  # a one-sided test at 95 %, and the outer folds after it


def test_labels_of_other_films_change_nothing() -> None:
    for seed in range(8):
        fitted = fit(shuffled(world(120, shift=1.0, seed=seed), seed), POINTS, seed)
        assert {one.kind for one in fitted.findings.values()} == {"identity"}
        assert not any(one.points for one in fitted.findings.values())
        assert not fitted.weights.active.any()


def test_findings_without_labels_and_with_few_are_identity() -> None:
    cases = world(40, shift=3.0)
    cases.labels[:, LABELS.index("pneumonia")] = np.where(np.arange(40) < 5, 1.0, 0.0)
    fitted = fit(cases, POINTS)
    assert set(fitted.findings) == set(TOLD)
    assert (fitted.findings["pneumonia"].kind, fitted.findings["pneumonia"].why) == ("identity", "few")
    others = [k for k, name in enumerate(LABELS) if name not in TOLD]
    assert not fitted.weights.active[others].any()
    scores = fitted.weights(cases.scores, cases.vectors)
    assert np.array_equal(scores[:, others], cases.scores[:, others])


def test_a_threshold_moves_only_where_it_fails_here() -> None:
    right = fit(world(400, scale=0.5, shift=2.0), POINTS).findings["abnormal"]
    assert right.points["balanced"].moved  # most films are abnormal here: the carried one misses too many
    assert set(right.points) == {"balanced", "sensitive"}


def test_a_heavy_penalty_is_the_model_itself() -> None:
    cases = world(100, hidden=3.0)
    z = log_odds(cases.scores)
    basis = Basis.of(z, cases.vectors)
    line = fit_line(z[:, K], cases.labels[:, K], np.ones(100), basis, basis(z, cases.vectors), 1e9)
    plain = fit_line(z[:, K], cases.labels[:, K], np.ones(100), basis, None, 1.0)
    assert np.abs(line.logits).max() < 1e-6 and np.abs(line.vector).max() < 1e-6
    assert line.scale == pytest.approx(plain.scale, abs=1e-3) and line.shift == pytest.approx(plain.shift, abs=1e-3)


def test_folds_never_part_a_patient_and_spread_the_sick() -> None:
    patients = np.array([f"p{i // 2}" for i in range(100)])
    sick = np.array([float(i // 2 < 10) for i in range(100)])
    parts = folds(patients, sick, 5, 0)
    assert all(len(set(parts[patients == one])) == 1 for one in set(patients))
    assert [int(sick[parts == fold].sum()) for fold in range(5)] == [4] * 5
