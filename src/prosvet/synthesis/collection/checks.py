"""Whether a made film shows what it was asked to, is a chest X-ray at all, and is nobody's."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import SynthesisError
from prosvet.core.types import Frozen
from prosvet.imaging.film import Film
from prosvet.models.card import OperatingPoint, verified_path
from prosvet.models.examine import Examiner
from prosvet.synthesis.card import GeneratorCard
from prosvet.synthesis.prints import Prints
from prosvet.synthesis.zones import Anatomist

__all__ = ["SEEN", "Checks", "Refused", "Verdict"]

SEEN = "seen"
"""The file of a generator's card that holds the prints of the films it learned from."""

Refused = Literal["not_a_film", "no_lungs", "not_seen", "not_normal", "near_copy"]


class Verdict(Frozen):
    """One made film, judged.

    Attributes
    ----------
    refused : str or None
        ``not_a_film``: the gates do not take it for a frontal chest X-ray; ``no_lungs``: both are not found;
        ``not_seen``: the model in force does not find what was asked for; ``not_normal``: it finds the normal twin
        abnormal; ``near_copy``: nearer to a film of training than other patients' films are.
    score : float or None
        Probability of the finding, of "abnormal" for a twin, by the model in force.
    distance : float
        To the nearest film of training, share of the bits that differ.
    """

    refused: Refused | None
    score: float | None
    distance: float


class Checks:
    """By the model in force, its anatomy network, and the prints that came with the generator."""

    def __init__(self, examiner: Examiner, anatomist: Anatomist, prints: Prints, near: float) -> None:
        self._examiner, self._anatomist, self._prints, self._near = examiner, anatomist, prints, near

    @classmethod
    def of(cls, card: GeneratorCard, finding: str, context: Context) -> Self:
        """For one generator and the finding of a set.

        Raises
        ------
        SynthesisError
            When its card has no prints: whether it copies cannot be checked, and no set is made by it; or when the
            model in force has no threshold for the finding.
        ModelError, ModelHashMismatch
        """
        if SEEN not in card.files or card.near is None:
            raise SynthesisError(reason="no_prints", name=card.name)
        prints, examiner = Prints.load(verified_path(card, SEEN)), context.get(Examiner)
        if finding not in _points(examiner):
            raise SynthesisError(reason="not_judged", finding=finding, name=examiner.card.name)
        return cls(examiner, context.get(Anatomist), prints, card.near)

    def judge(self, picture: NDArray[np.float32], finding: str | None) -> Verdict:
        """Judge a picture (256, 256) in 0..1 that was to show `finding`, or nothing (None)."""
        distance = self._prints.nearest(picture).distance
        seen = self._examiner.examine(Film(picture, "", "", "png"), anatomy=False)
        concept = finding or "abnormal"
        if not seen.readable or concept not in seen.scores:
            return Verdict(refused="not_a_film", score=None, distance=distance)
        score = seen.scores[concept]
        limit = _points(self._examiner)[concept].threshold
        refused: Refused | None = None
        if not {"right_lung", "left_lung"} <= set(self._anatomist.masks(picture)):
            refused = "no_lungs"
        elif finding is None and score >= limit:
            refused = "not_normal"
        elif finding is not None and score < limit:
            refused = "not_seen"
        elif distance < self._near:
            refused = "near_copy"
        return Verdict(refused=refused, score=round(score, 4), distance=round(distance, 4))


def _points(examiner: Examiner) -> dict[str, OperatingPoint]:
    return examiner.card.operating_points[examiner.ref.operating_point]
