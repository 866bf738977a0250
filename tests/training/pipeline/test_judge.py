"""The verdict: worse is refused, unproven is refused for critical findings, unjudged is never "no worse"."""

from __future__ import annotations

import numpy as np

from prosvet.training.pipeline.evaluate import Comparison, compare
from prosvet.training.pipeline.judge import critical_of, judge
from prosvet.training.pipeline.plan import Policy

LABELS = ("mass", "pneumothorax")


def one(concept: str, difference: float, p: float, half: float = 0.02, metric: str = "auroc") -> Comparison:
    return Comparison(
        set="site", concept=concept, metric=metric, positives=50, negatives=50, state="tested", current=0.8,
        challenger=0.8 + difference, difference=difference, low=difference - half, high=difference + half, p=p,
    )  # fmt: skip


def bare(concept: str, state: str) -> Comparison:
    return Comparison(set="site", concept=concept, metric="auroc", positives=3, negatives=50, state=state)


def verdict(*comparisons: Comparison, **policy: object) -> tuple[str, list[tuple[str, str]]]:
    found, _, against = judge(comparisons, Policy(**policy), LABELS)
    return found, [(a.concept, a.reason) for a in against]


def test_significantly_worse_is_refused() -> None:
    assert verdict(one("mass", -0.06, 0.001), bare("pneumothorax", "same")) == ("worse", [("mass", "worse")])


def test_worse_by_chance_alone_is_not() -> None:
    assert verdict(one("mass", -0.02, 0.3), bare("pneumothorax", "same")) == ("may_pass", [])


def test_a_critical_finding_must_be_shown_to_be_no_worse() -> None:
    wide = one("pneumothorax", 0.0, 1.0, half=0.08)
    assert verdict(one("mass", 0.0, 1.0, half=0.2), wide) == ("worse", [("pneumothorax", "margin")])
    assert verdict(bare("mass", "same"), wide, margin_auroc=0.1) == ("may_pass", [])
    assert verdict(bare("mass", "same"), wide, critical=()) == ("may_pass", [])


def test_what_changed_and_cannot_be_judged_is_not_assessed() -> None:
    few = bare("mass", "not_assessed")
    assert verdict(few, bare("pneumothorax", "same")) == ("not_assessed", [("mass", "not_assessed")])
    assert verdict(few, bare("pneumothorax", "same"), not_assessed="accept") == ("may_pass", [("mass", "not_assessed")])
    critical = bare("pneumothorax", "not_assessed")
    assert verdict(bare("mass", "same"), critical, not_assessed="accept")[0] == "not_assessed"


def test_a_finding_that_no_set_speaks_of_is_not_assessed() -> None:
    assert verdict(one("mass", 0.0, 1.0)) == ("not_assessed", [("pneumothorax", "not_assessed")])


def test_many_tests_are_corrected_together() -> None:
    many = [one("mass", -0.03, 0.02, metric=m) for m in ("auroc", "sensitivity", "specificity")]
    assert verdict(*many, bare("pneumothorax", "same"))[0] == "may_pass"


def test_critical_findings_are_the_vocabularys() -> None:
    assert critical_of(Policy(), LABELS) == ("pneumothorax",)
    assert critical_of(Policy(critical=("mass",)), LABELS) == ("mass",)


def test_equal_answers_are_the_same_and_few_patients_are_not_assessed() -> None:
    random = np.random.default_rng(0)
    scores = random.random((60, 2))
    other = scores.copy()
    other[:, 1] = random.random(60)
    found = {
        "current": scores, "challenger": other, "thresholds": np.array([[0.5, 0.5], [0.5, 0.5]]),
        "labels": np.stack([np.arange(60) < 30, np.arange(60) < 4], axis=1).astype(float),
        "sets": np.array(["site"] * 60), "patients": np.arange(60).astype(str),
    }  # fmt: skip
    states = {(c.concept, c.state) for c in compare(found, LABELS, Policy())}
    assert states == {("mass", "same"), ("pneumothorax", "not_assessed")}
