"""How far every image or report has the concepts asked for: one number from 0 to 1 a row.

A person's word (a label, a report) stands above the model's: present is 1, uncertain a half, absent 0. Where
nobody has spoken, the model's probability is stretched so that its operating point falls on a half; a threshold of
0.06 for a rare finding and one of 0.5 for a common one then mean the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.core.context import Context
from prosvet.core.errors import ModelNotFound
from prosvet.core.types import Side, Zone
from prosvet.index.facts import SIDES, ZONES, ClaimKind, Facts
from prosvet.language.vocabulary import vocabulary
from prosvet.models.deployed import card_in_force

__all__ = ["Degrees", "Matcher", "Thresholds", "agreement", "lift"]

Degrees = NDArray[np.float32]

_MODEL_CLAIM = 0.75  # a claim at the operating point whose probability was not kept
_NORMAL_WITH_FINDINGS = 0.3  # "the lungs are normal" beside a fracture
_PLACE = {"agrees": 1.0, "half": 0.7, "unknown": 0.85, "differs": 0.3}


@dataclass(frozen=True)
class Thresholds:
    """The operating points in force; `default` for a model without a card, None where the card leaves one out."""

    by_concept: Mapping[str, float]
    default: float | None = None

    @classmethod
    def of(cls, context: Context) -> Thresholds:
        """Of the model in force and the settings' operating point; one half throughout when it has no card here."""
        settings = context.settings
        try:
            card = card_in_force(settings)
        except ModelNotFound:
            return cls({}, 0.5)
        points = card.operating_points.get(settings.operating_point, {})
        return cls({label: point.threshold for label, point in points.items()})

    def __getitem__(self, concept: str) -> float | None:
        return self.by_concept.get(concept, self.default)


def lift(probability: NDArray[np.floating], threshold: float) -> Degrees:
    """Probabilities stretched piecewise so that `threshold` becomes a half; NaN stays NaN.

    Examples
    --------
    >>> lift(np.array([0.0, 0.1, 1.0]), 0.1).tolist()
    [0.0, 0.5, 1.0]
    """
    t = min(max(threshold, 1e-3), 1 - 1e-3)
    p = np.asarray(probability, dtype=np.float32)
    stretched: Degrees = np.where(p < t, 0.5 * p / t, 0.5 + 0.5 * (p - t) / (1 - t)).astype(np.float32)
    return stretched


class Matcher:
    """Degrees of concepts over the rows of :class:`prosvet.index.facts.Facts`.

    Parameters
    ----------
    people : bool
        Whether labels and reports count; without them the model alone speaks, as for films compared with films.
    """

    def __init__(self, facts: Facts, thresholds: Thresholds, *, people: bool = True) -> None:
        self.facts, self.thresholds, self.people = facts, thresholds, people

    def degree(self, concept: str, side: Side | None = None, zone: Zone | None = None) -> Degrees:
        """How far each row has `concept` (or a kind of it), at that place when one is asked for; NaN unknown."""
        degrees = self._by_model(concept)
        if self.people:
            said = self._by_people(concept)
            degrees = np.where(np.isnan(said), degrees, said)
        if side is None and zone is None:
            return degrees
        sides, zones = self._places(concept)
        factor = np.ones(len(degrees), dtype=np.float32)
        if side is not None:
            factor *= _agreement_of_bits(sides, SIDES[side])
        if zone is not None:
            factor *= _agreement_of_bits(zones, ZONES[zone])
        placed: Degrees = degrees * factor
        return placed

    def has(self, concept: str, side: Side | None = None) -> NDArray[np.bool_]:
        """Which rows have `concept` or a kind of it: claimed present, or scored at or above the operating point.

        With a side, rows known to have it on the other side only are left out.
        """
        found = np.zeros(len(self.facts), dtype=np.bool_)
        for member in _family(concept):
            claims = self.facts.claims.get(member)
            if claims is not None:
                found[claims["row"][claims["kind"] == ClaimKind.PRESENT]] = True
            threshold, column = self.thresholds[member], self.facts.scores.get(member)
            if threshold is not None and column is not None:
                found |= column >= np.float16(threshold)
        return found & self.on_side(concept, side)

    def on_side(self, concept: str, side: Side | None) -> NDArray[np.bool_]:
        """Which rows are not known to have `concept` on the other side only; all where no side is asked for."""
        if side is None:
            return np.ones(len(self.facts), dtype=np.bool_)
        sides, _ = self._places(concept)
        fits: NDArray[np.bool_] = (sides == 0) | ((sides & SIDES[side]) > 0)
        return fits

    def _by_model(self, concept: str) -> Degrees:
        if concept == "normal" and "normal" not in self.facts.scores:
            inverse: Degrees = 1 - self._by_model("abnormal")
            return inverse
        degrees = np.full(len(self.facts), np.nan, dtype=np.float32)
        own = concept in self.facts.scores and self.thresholds[concept] is not None
        for member in (concept,) if own else _family(concept):
            threshold, column = self.thresholds[member], self.facts.scores.get(member)
            if threshold is not None and column is not None:
                degrees = np.fmax(degrees, lift(column, threshold))
        for member in _family(concept):
            claims = self.facts.claims.get(member)
            if claims is not None:
                rows = claims["row"][claims["by_model"] & (claims["kind"] == ClaimKind.PRESENT)]
                degrees[rows] = np.where(np.isnan(degrees[rows]), _MODEL_CLAIM, degrees[rows])
        return degrees

    def _by_people(self, concept: str) -> Degrees:
        said = np.full(len(self.facts), np.nan, dtype=np.float32)
        own = self.facts.claims.get(concept)
        if own is not None:
            said[own["row"][~own["by_model"] & (own["kind"] == ClaimKind.ABSENT)]] = 0.0
        for kind, value in ((ClaimKind.UNCERTAIN, 0.5), (ClaimKind.PRESENT, 1.0)):
            for member in _family(concept):
                claims = self.facts.claims.get(member)
                if claims is not None:
                    said[claims["row"][~claims["by_model"] & (claims["kind"] == kind)]] = value
        if concept == "normal":
            said = np.where((said == 1.0) & self._found_by_people(), np.float32(_NORMAL_WITH_FINDINGS), said)
        return said

    def _found_by_people(self) -> NDArray[np.bool_]:
        found = np.zeros(len(self.facts), dtype=np.bool_)
        for member in _family("abnormal"):
            claims = self.facts.claims.get(member)
            if claims is not None:
                found[claims["row"][~claims["by_model"] & (claims["kind"] == ClaimKind.PRESENT)]] = True
        return found

    def _places(self, concept: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Side and zone bits of each row, gathered over what is claimed present or uncertain of the family."""
        sides, zones = (np.zeros(len(self.facts), dtype=np.uint8) for _ in range(2))
        for member in _family(concept):
            claims = self.facts.claims.get(member)
            if claims is not None:
                real = claims[claims["kind"] != ClaimKind.ABSENT]
                np.bitwise_or.at(sides, real["row"], real["side"])
                np.bitwise_or.at(zones, real["row"], real["zone"])
        return sides, zones


def _family(concept: str) -> tuple[str, ...]:
    if concept not in vocabulary().concepts:
        return (concept,)
    return (concept, *sorted(vocabulary().descendants(concept)))


def _agreement_of_bits(known: NDArray[np.uint8], wanted: int) -> Degrees:
    """Full where all wanted places are there and no other, less where some are, little where none is."""
    shared = known & wanted
    exact = known == wanted
    result = np.select(
        [known == 0, exact, shared > 0], [_PLACE["unknown"], _PLACE["agrees"], _PLACE["half"]], _PLACE["differs"]
    )
    return result.astype(np.float32)


Place = tuple[Side | None, Zone | None]
_ANYWHERE: Place = (None, None)


def agreement(asked: Mapping[str, float], matcher: Matcher, places: Mapping[str, Place]) -> Degrees:
    """How far each row has the findings asked for and no others, 0..1: sum of minima over sum of maxima.

    The weighted Jaccard index. Unlike a cosine it is not drawn to rows that merely have much of everything: a
    normal film asked about agrees with normal rows alone. Degrees are squared first, so that the low murmur of
    many unlikely findings does not outweigh one that is there.

    Parameters
    ----------
    asked : dict of concept to degree, 0..1
        All concepts to compare; those at 0 count against rows that have them.
    places : dict of concept to (side, zone)
        Where known; a finding on the other side agrees less.
    """
    shared = np.zeros(len(matcher.facts), dtype=np.float32)
    total = np.full(len(matcher.facts), 1e-6, dtype=np.float32)
    for concept, degree in asked.items():
        rows = np.nan_to_num(matcher.degree(concept, *places.get(concept, _ANYWHERE))) ** 2
        shared += np.minimum(rows, degree**2)
        total += np.maximum(rows, degree**2)
    result: Degrees = shared / total
    return result
