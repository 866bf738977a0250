"""The rule within a calibration: fitted on the part that is set aside, told with what it did on the other part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from prosvet.core.errors import ScreeningError
from prosvet.core.types import Frozen
from prosvet.screening.archived import ArchivedStudy
from prosvet.screening.binomial import Share, share
from prosvet.screening.confidence.curves import Bools, Floats
from prosvet.screening.confidence.facts import Facts, Row, row_of
from prosvet.screening.confidence.folds import set_aside
from prosvet.screening.confidence.methods import Labelled
from prosvet.screening.confidence.rule import LEAST, LEAST_WRONG, Rule, RuleMethod, effective, fit_rule
from prosvet.screening.table import Case, Label

__all__ = ["SetRule", "UnsureChoice", "labelled", "make_rule", "ruled", "told"]


class UnsureChoice(Frozen):
    """Whether the line abstains when the model is likely to be wrong, and which part of the set teaches it that."""

    share: float = Field(default=0.0, ge=0, le=0.7, description="Share of patients set aside for the rule; 0: no rule.")
    method: RuleMethod = Field(default="meta", description="meta or learned; see screen confidence.")


class SetRule(Frozen):
    """The rule with what it did on the studies that it was not made of.

    Attributes
    ----------
    rule : Rule or None
        None where no limit cleared more normals on the part that was set aside.
    aside : int
        Studies set aside.
    held : Share
        Of the normal studies below the threshold, those that the rule keeps back.
    wrong : Share
        Of the studies that the model calls normal and the rule keeps back, those that are abnormal.
    sure_wrong : Share
        The same of those that it lets pass.
    without : Share or None
        Normals cleared had the whole set chosen the threshold without a rule; for information: whoever chooses between
        the two by these figures has no longer the confidence of either.
    """

    rule: Rule | None
    aside: int
    held: Share
    wrong: Share
    sure_wrong: Share
    without: Share | None


def labelled(
    labels: Mapping[str, Label], held: Mapping[str, ArchivedStudy], point: float
) -> tuple[list[str], Labelled]:
    """The studies that the archive holds with all that is to be known of them, by their ids in order.

    Raises
    ------
    ScreeningError
        When they are too few, or the model is wrong on too few of them, to learn from.
    """
    found: list[tuple[str, Row]] = []
    for name in sorted(labels):
        row = row_of(held[name]) if name in held else None
        if row is not None:
            found.append((name, row))
    facts = Facts.of([row for _, row in found])
    whole = facts.complete
    names = [name for (name, _), kept in zip(found, whole, strict=True) if kept]
    known = Labelled(
        facts.where(whole), np.array([labels[name].abnormal for name in names], dtype=np.bool_),
        [labels[name].patient or name for name in names], point,
    )  # fmt: skip
    wrong = int(known.wrong.sum()) if len(known.facts) else 0
    if len(known.facts) < LEAST or wrong < LEAST_WRONG:
        raise ScreeningError(
            reason="too_few_errors", n=len(known.facts), wrong=wrong, least=LEAST, least_wrong=LEAST_WRONG
        )
    return names, known


def make_rule(
    rows: Sequence[Case], held: Mapping[str, ArchivedStudy], choice: UnsureChoice, point: float, max_missed: float
) -> tuple[Rule | None, list[Case]]:
    """The rule out of the patients that are set aside, and the cases of the others, on which the risk is controlled.

    Who is set aside hangs on the patient's name alone, so that it is fixed before any score or label is looked at.
    """
    aside = {case.id: case.label for case in rows if set_aside(case.label.patient or case.id, choice.share)}
    _, known = labelled(aside, held, point)
    rule = fit_rule(known, choice.method, max_missed)
    return rule, [case for case in rows if case.id not in aside]


def ruled(rows: Sequence[Case], held: Mapping[str, ArchivedStudy], rule: Rule) -> tuple[list[Case], Bools]:
    """The cases with the score that is controlled, and whether the rule keeps each back.

    A study that the archive does not hold is taken for sure: that can only make the threshold safer.
    """
    facts = [row_of(held[case.id]) if case.id in held else None for case in rows]
    back = np.zeros(len(rows), dtype=np.bool_)
    known = [n for n, row in enumerate(facts) if row is not None]
    if known:
        back[known] = rule.holds(Facts.of([row for row in facts if row is not None], rule.design.names))
    scores = effective(_scores(rows), back, rule.design.point)
    return [Case(case.id, float(value), case.label) for case, value in zip(rows, scores, strict=True)], back


def told(
    rows: Sequence[Case], back: Bools, rule: Rule | None, threshold: float, aside: int, without: Share | None
) -> SetRule:
    """What the rule did on the cases (with their own scores) on which the risk was controlled."""
    scores = _scores(rows)
    sick = np.array([case.label.abnormal for case in rows], dtype=np.bool_)
    normal = scores < (rule.design.point if rule else threshold)
    below = ~sick & (scores < threshold)
    return SetRule(
        rule=rule, aside=aside, held=_share(back & below, below), wrong=_share(back & normal & sick, back & normal),
        sure_wrong=_share(~back & normal & sick, ~back & normal), without=without,
    )  # fmt: skip


def _scores(rows: Sequence[Case]) -> Floats:
    return np.array([case.score for case in rows], dtype=np.float64)


def _share(part: Bools, whole: Bools) -> Share:
    return share(int(part.sum()), int(whole.sum()))
