"""How bad a disagreement is: harm × kind × certainty. The numbers are choices, written out here with their reasons.

They only order a list for a senior to go through. They are no probabilities, and no measure of a reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

__all__ = ["HARM", "KINDS", "WEIGHT", "Kind", "rank", "score"]

Kind = Literal["denied", "denied_all", "silent", "reverse"]
KINDS: tuple[Kind, ...] = ("denied", "denied_all", "silent", "reverse")

HARM: dict[str, float] = {
    "pneumothorax": 1.0,  # acted on within the hour
    "edema": 0.9,  # acted on within hours
    "mass": 0.8,  # a cancer that is found a year later is another cancer
    "tuberculosis": 0.8,  # others are infected meanwhile
    "nodule": 0.7,  # as a mass, but most are harmless
    "pleural_effusion": 0.6,  # treated, and a sign of what is behind it
    "pneumonia": 0.6,
    "consolidation": 0.6,
    "covid19_pneumonia": 0.6,
    "atelectasis": 0.4,  # matters by its cause
    "cardiomegaly": 0.4,  # slow, and often known
    "emphysema": 0.3,  # chronic
    "fibrosis": 0.3,
    "pleural_thickening": 0.2,  # mostly the trace of something old
    "hernia": 0.2,
    "abnormal": 0.2,  # says that something is there, and not what
}
"""What it may cost the patient when the finding is missed, 0 to 1; a finding that is not listed is not compared."""

WEIGHT: dict[Kind, float] = {
    "denied": 1.0,  # looked for, and said not to be there
    "denied_all": 0.9,  # "normal": denied without being named
    "silent": 0.7,  # not mentioned: perhaps not looked for, perhaps not worth a word
    "reverse": 0.25,  # reported, and the model does not see it: most often the model's own miss
}
"""How much the kind counts. ``reverse`` is low enough for every critical finding seen surely to come before it."""

_MORE = 0.01


def score(concept: str, kind: Kind, probability: float) -> float:
    """The score of one disagreement, 0 to 1.

    Parameters
    ----------
    probability : float
        The model's, calibrated. What it sees is as certain as that; what it does not see, as certain as the rest.

    Examples
    --------
    >>> score("pneumothorax", "denied", 0.9), score("hernia", "reverse", 0.0)
    (0.9, 0.05)
    """
    certainty = 1 - probability if kind == "reverse" else probability
    return round(HARM[concept] * WEIGHT[kind] * certainty, 4)


def rank(scores: Sequence[float]) -> float:
    """Of a study: its worst disagreement; of equals, the one with more beside it. 0 where there is none.

    Examples
    --------
    >>> rank([0.5, 0.2]), rank([])
    (0.502, 0.0)
    """
    ordered = sorted(scores, reverse=True)
    return round(ordered[0] + _MORE * sum(ordered[1:]), 4) if ordered else 0.0
