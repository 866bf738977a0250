"""The rule as it is kept, and the promise with it."""

from __future__ import annotations

import numpy as np
import pytest

from prosvet.screening.confidence.facts import Facts
from prosvet.screening.confidence.methods import Labelled, fit
from prosvet.screening.confidence.rule import Rule, effective, fit_rule, rule_of
from prosvet.screening.control import Risk, control
from screening.confidence.worlds import POINT, hidden, only_score

TARGET, CONFIDENCE = 0.1, 0.9


@pytest.mark.parametrize("method", ["meta", "learned"])
def test_a_rule_is_plain_numbers_that_come_back_the_same(method: str) -> None:
    known, others = (hidden(np.random.default_rng(seed), 400) for seed in (0, 1))
    rule = rule_of(known, method, 0.3)  # type: ignore[arg-type]
    back = Rule.model_validate_json(rule.model_dump_json())
    assert (back.unsure(others.facts) == rule.unsure(others.facts)).all()
    assert (back.holds(others.facts) == (rule.unsure(others.facts) >= 0.3)).all() and back.wrong == known.wrong.sum()
    assert rule.unsure(others.facts) == pytest.approx(fit(method, known)(others.facts), abs=1e-5)


def test_of_what_is_not_known_nothing_is_said() -> None:
    known = hidden(np.random.default_rng(2), 300)
    rule = rule_of(known, "meta", 0.0)
    facts = known.facts.where(np.arange(3))
    facts.vectors[1] = np.nan
    assert rule.holds(facts).tolist() == [True, False, True]


def test_a_rule_that_would_not_help_is_not_made() -> None:
    assert fit_rule(hidden(np.random.default_rng(3), 1000), "meta", TARGET) is not None
    made = [fit_rule(only_score(np.random.default_rng(seed), 1000), "meta", TARGET) for seed in range(5)]
    assert sum(rule is None for rule in made) >= 1


def _threshold(known: Labelled, rule: Rule) -> float:
    score = effective(known.facts.score, rule.holds(known.facts), POINT)
    return control([Risk("abnormal_studies", score[known.abnormal], TARGET)], CONFIDENCE)[0]


def test_the_promise_holds_with_the_rule_and_more_is_cleared() -> None:
    """100 calibrations, each with a rule of its own; at 90 % no more than 10 may break on average (17: p < 0.02)."""
    random = np.random.default_rng(4)
    truth = hidden(np.random.default_rng(5), 20_000)
    sick, score = truth.abnormal, truth.facts.score
    broken, cleared, plain = 0, [], []
    for _ in range(100):
        rule = rule_of(hidden(random, 300), "meta", 0.2)
        known = hidden(random, 300)
        shown = effective(score, rule.holds(truth.facts), POINT)
        threshold = _threshold(known, rule)
        broken += bool((shown[sick] < threshold).mean() > TARGET)
        cleared.append((shown[~sick] < threshold).mean())
        alone = control([Risk("abnormal_studies", known.facts.score[known.abnormal], TARGET)], CONFIDENCE)[0]
        plain.append((score[~sick] < alone).mean())
    assert broken <= 17 and np.mean(cleared) > 1.2 * np.mean(plain)


def test_nothing_is_released_at_the_operating_point_or_above() -> None:
    known = hidden(np.random.default_rng(6), 2000)
    always = Facts(known.facts.names, *(getattr(known.facts, n) for n in ("score", "findings", "vectors", "extras")))
    rule = rule_of(known, "meta", 0.0)  # keeps everything back
    score = effective(always.score, rule.holds(always), POINT)
    threshold, _ = control([Risk("abnormal_studies", score[known.abnormal], TARGET)], CONFIDENCE)
    assert threshold == POINT and not (score < threshold).any()
