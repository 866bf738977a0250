"""The measures of how unsure the model should be of a study, in one literal table; the higher, the less sure.

Each is fitted on labelled studies and then asked of others. Which of them the line may use, and how that is kept, is in
:mod:`prosvet.screening.confidence.rule`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.screening.confidence.curves import Bools, Floats
from prosvet.screening.confidence.design import Design
from prosvet.screening.confidence.facts import EXTRAS, Facts, logit
from prosvet.screening.confidence.learned import Branch, apply_branch, train_branch
from prosvet.screening.confidence.logistic import choose_penalty, fit_logistic, sigmoid
from prosvet.screening.known import distance

__all__ = ["METHODS", "Labelled", "Unsure", "available", "branch_of", "fit", "meta_of", "out_of_fold"]

Unsure = Callable[[Facts], Floats]


@dataclass(frozen=True)
class Labelled:
    """Studies with what is true of them.

    Attributes
    ----------
    abnormal : ndarray of bool, shape (N,)
    patients : sequence of str
        The study's own id where no patient is named.
    point : float
        The score from which the model calls a study abnormal.
    """

    facts: Facts
    abnormal: Bools
    patients: Sequence[str]
    point: float

    @property
    def wrong(self) -> Bools:
        """Where the model's decision is not what is true."""
        return np.asarray((self.facts.score >= self.point) != self.abnormal, dtype=np.bool_)

    def where(self, rows: Bools) -> Labelled:
        """Some of them."""
        people = [name for name, kept in zip(self.patients, rows, strict=True) if kept]
        return Labelled(self.facts.where(rows), self.abnormal[rows], people, self.point)


def fit(method: str, known: Labelled) -> Unsure:
    """The measure `method`, fitted on studies whose facts are complete."""
    return METHODS[method](known)


def out_of_fold(method: str, known: Labelled, folds: NDArray[np.intp]) -> Floats:
    """The measure (N,) of each study, fitted on the studies of all folds but its own."""
    unsure = np.empty(len(known.facts))
    for fold in np.unique(folds):
        unsure[folds == fold] = fit(method, known.where(folds != fold))(known.facts.where(folds == fold))
    return unsure


def available(facts: Facts) -> tuple[str, ...]:
    """The measures that these facts allow: disagreement needs the films to have been read anew."""
    return tuple(name for name in METHODS if name not in EXTRAS or np.isfinite(_extra(facts, name)).mean() > 0.5)


def _score(known: Labelled) -> Unsure:
    """What one has for nothing: how near the score's logit is to the operating point."""
    at = float(logit(np.array(known.point)))
    return lambda facts: -np.abs(logit(facts.score) - at)


def _temperature(known: Labelled) -> Unsure:
    """What the probability, after a temperature and a shift fitted on these studies, says against the decision."""
    weights = fit_logistic(logit(known.facts.score)[:, None], known.abnormal, 1e-3)
    point = known.point

    def unsure(facts: Facts) -> Floats:
        chance = sigmoid(weights[0] * logit(facts.score) + weights[1])
        return np.where(facts.score >= point, 1 - chance, chance)

    return unsure


def _distance(known: Labelled) -> Unsure:
    """How far the vector lies from those of the labelled studies, as the line's own gate measures it."""
    vectors = known.facts.vectors
    return lambda facts: np.array([distance(vector, vectors) for vector in facts.vectors])


def _members(known: Labelled) -> Unsure:
    """The margin with how far the pack's own encoders disagree: an ensemble at no cost."""
    return _spread(known, "members")


def _copies(known: Labelled) -> Unsure:
    """The margin with how far the encoder disagrees with itself on copies of the film: test-time augmentation."""
    return _spread(known, "copies")


def _spread(known: Labelled, name: str) -> Unsure:
    """Margin, disagreement and their ratio, weighed on the labelled studies: alone, disagreement is nearly no order."""
    at = float(logit(np.array(known.point)))

    def columns(facts: Facts) -> Floats:
        margin, apart = np.abs(logit(facts.score) - at), _extra(facts, name)
        apart = np.where(np.isfinite(apart), apart, np.nanmedian(_extra(known.facts, name)))
        return np.column_stack([margin, apart, margin / (apart + 0.1)])

    weights = fit_logistic(columns(known.facts), known.wrong, 1.0)
    return lambda facts: sigmoid(columns(facts) @ weights[:-1] + weights[-1])


def _learned(known: Labelled) -> Unsure:
    """The confidence branch of DeVries and Taylor."""
    design = Design.fit(known.facts, known.point)
    branch = branch_of(known, design)
    return lambda facts: 1 - apply_branch(branch, design.columns(facts))


def branch_of(known: Labelled, design: Design) -> Branch:
    """The trained branch; it is told the recalibrated probability of what is true."""
    against = _temperature(known)(known.facts)
    return train_branch(design.columns(known.facts), np.where(known.wrong, against, 1 - against))


def _meta(known: Labelled) -> Unsure:
    """A logistic regression of "the model is wrong here" on all that is known of the study."""
    design = Design.fit(known.facts, known.point)
    weights = meta_of(known, design)
    return lambda facts: sigmoid(design.columns(facts) @ weights[:-1] + weights[-1])


def meta_of(known: Labelled, design: Design) -> Floats:
    """The weights of the meta-model, the intercept last."""
    columns = design.columns(known.facts)
    return fit_logistic(columns, known.wrong, choose_penalty(columns, known.wrong, known.patients))


def _extra(facts: Facts, name: str) -> Floats:
    return np.asarray(facts.extras[:, EXTRAS.index(name)], dtype=np.float64)


METHODS: dict[str, Callable[[Labelled], Unsure]] = {
    "score": _score,
    "temperature": _temperature,
    "members": _members,
    "copies": _copies,
    "distance": _distance,
    "learned": _learned,
    "meta": _meta,
}
"""By name, the plainest first: on a tie the plainer one is taken."""
