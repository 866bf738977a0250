"""Findings from the scores that the archive keeps: what a model said of a study without running it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prosvet.core.types import Finding, Status
from prosvet.language.vocabulary import SYNDROMES
from prosvet.models.card import Card
from prosvet.reading.decide import status_of

__all__ = ["findings_of", "strongest"]

_PARTS = {"focal_opacity": ("mass", "nodule")}
_ORDER = (Status.NOT_ASSESSED, Status.ABSENT, Status.UNCERTAIN, Status.PRESENT)


def strongest(films: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """By concept, the highest score that any film of a study has.

    Examples
    --------
    >>> strongest([{"mass": 0.1}, {"mass": 0.4, "edema": 0.2}])
    {'mass': 0.4, 'edema': 0.2}
    """
    best: dict[str, float] = {}
    for scores in films:
        for concept, score in scores.items():
            best[concept] = max(score, best.get(concept, 0.0))
    return best


def findings_of(scores: Mapping[str, float], card: Card, operating_point: str) -> dict[str, Finding]:
    """One finding for every scored concept and every syndrome, as :func:`prosvet.reading.decide.decide` has them.

    Without the film there is no place and no cardiothoracic ratio. What has no threshold is not assessed.
    """
    found = {
        concept: Finding(concept=concept, status=status_of(concept, p, card, operating_point), probability=p)
        for concept, p in scores.items()
    }
    for whole, parts in _PARTS.items():
        known = [found[part] for part in parts if part in found and found[part].status is not Status.NOT_ASSESSED]
        if whole not in found and known:
            best = max(known, key=lambda finding: (_ORDER.index(finding.status), finding.probability or 0.0))
            found[whole] = best.model_copy(update={"concept": whole})
    for concept in SYNDROMES:
        found.setdefault(concept, Finding(concept=concept, status=Status.NOT_ASSESSED))
    return found
