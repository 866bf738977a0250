"""Figures of agreement: kappa with its reason where there is none, intervals, verdicts."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from prosvet.evaluation.second_opinions.agreement_api import agreement_of
from prosvet.evaluation.second_opinions.tally_api import shares
from prosvet.reading.retrospective.lists import RunView


def test_kappa_is_cohens_and_has_an_interval() -> None:
    first = np.array([2, 2, 2, 2, 0, 0, 0, 0, 0, 0] * 4, dtype=float)
    second = np.array([2, 2, 2, 0, 0, 0, 0, 0, 0, 2] * 4, dtype=float)
    found = agreement_of("edema", first, second, [str(k) for k in range(40)])
    assert found.kappa.value == pytest.approx((0.8 - 0.52) / (1 - 0.52))
    assert found.kappa.low is not None and found.kappa.high is not None
    assert found.kappa.low < found.kappa.value < found.kappa.high
    assert found.percent.value == pytest.approx(0.8)
    assert found.prevalence.value == pytest.approx(0.4)


def test_an_undefined_kappa_is_none_with_its_reason_and_never_a_number() -> None:
    same = np.zeros(20)
    found = agreement_of("edema", same, same, [str(k) for k in range(20)])
    assert (found.kappa.value, found.kappa.reason, found.percent.value) == (None, "one_answer", 1.0)
    nothing = agreement_of("edema", np.zeros(0), np.zeros(0), [])
    assert (nothing.n, nothing.kappa.value, nothing.kappa.reason) == (0, None, "no_pairs")


def test_few_patients_give_a_value_without_an_interval() -> None:
    found = agreement_of("edema", np.array([0.0, 2.0]), np.array([0.0, 2.0]), ["a", "b"])
    assert (found.kappa.value, found.kappa.low, found.kappa.reason) == (1.0, None, "no_interval")


def test_shares_of_verdicts_have_wilsons_interval() -> None:
    view = RunView(
        id=1, model="m@1", point="balanced", filters={}, state="done", wanted=20, done=20, differing=15, failed=0,
        judged={"missed": 8, "model_wrong": 2, "unclear": 0}, started=datetime(2026, 1, 1), started_by="chief",
        finished=None,
    )  # fmt: skip
    found = shares(view)
    assert (found.judged, found.shares[0].share) == (10, 0.8)
    assert (round(found.shares[0].low or 0, 4), round(found.shares[0].high or 0, 4)) == (0.4902, 0.9433)
    empty = shares(view.model_copy(update={"judged": {"missed": 0, "model_wrong": 0, "unclear": 0}}))
    assert [one.share for one in empty.shares] == [None, None, None]
