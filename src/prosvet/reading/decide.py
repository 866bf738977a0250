"""From scores and measurements to findings: present, uncertain, absent, or not assessed.

A card gives thresholds a finding, chosen on films that were not trained on: ``balanced`` (as many films lie above it
as carry the finding) and ``sensitive`` (95 % of the positives lie above it). At or above the operating point in use a
finding is present when it is likelier than not, and uncertain otherwise. It is absent only below ``sensitive``: "not
seen" must mean something. Between the two the score speaks neither for nor against, and the finding is not assessed;
only `abnormal` is then uncertain, since a film that may be abnormal is not called normal. A finding without thresholds,
because too few films carried it, is not assessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prosvet.core.types import LIKELY, Evidence, Finding, Measurement, Side, Status
from prosvet.language.vocabulary import SYNDROMES
from prosvet.models.card import Card
from prosvet.models.examine import Examination
from prosvet.reading.evidence import map_evidence

__all__ = ["decide", "decide_scores", "status_of"]


_WHOLE_FILM = frozenset({"abnormal", "emphysema", "edema"})
_MIDLINE = frozenset({"cardiomegaly", "hernia"})
_PARTS = {"focal_opacity": ("mass", "nodule")}
_RATIO_LIMIT = 0.50  # adult, upright, postero-anterior


def decide(examination: Examination, card: Card) -> tuple[Finding, ...]:
    """The findings of one film, one for every scored concept and every syndrome, strongest first."""
    ratio = examination.anatomy.cardiothoracic_ratio() if examination.anatomy else None
    found = {concept: _one(concept, p, examination, card) for concept, p in examination.scores.items()}
    if "cardiomegaly" in found and ratio is not None:
        found["cardiomegaly"] = _with_ratio(found["cardiomegaly"], ratio)
    return _complete(found)


def decide_scores(scores: Mapping[str, float], card: Card, operating_point: str) -> tuple[Finding, ...]:
    """The findings that stored scores give, in the same order, without places and without the ratio's word."""
    found = {
        concept: Finding(concept=concept, status=status_of(concept, p, card, operating_point), probability=p)
        for concept, p in scores.items()
    }
    return _complete(found)


def _complete(found: dict[str, Finding]) -> tuple[Finding, ...]:
    """With the wholes that parts speak for and every syndrome, strongest first."""
    for whole, parts in _PARTS.items():
        known = [found[part] for part in parts if part in found and found[part].status is not Status.NOT_ASSESSED]
        if whole not in found and known:
            found[whole] = max(known, key=_rank).model_copy(update={"concept": whole})
    for concept in SYNDROMES:
        found.setdefault(concept, Finding(concept=concept, status=Status.NOT_ASSESSED))
    return tuple(sorted(found.values(), key=_rank, reverse=True))


def status_of(concept: str, probability: float, card: Card, operating_point: str) -> Status:
    """Compare a calibrated probability with the card's thresholds for `concept`."""
    points = card.operating_points
    if concept not in points[operating_point]:
        return Status.NOT_ASSESSED
    if probability >= points[operating_point][concept].threshold:
        return Status.PRESENT if probability >= LIKELY else Status.UNCERTAIN
    if probability < points["sensitive"][concept].threshold:
        return Status.ABSENT
    return Status.UNCERTAIN if concept == "abnormal" else Status.NOT_ASSESSED


def _one(concept: str, probability: float, examination: Examination, card: Card) -> Finding:
    status = status_of(concept, probability, card, examination.model.operating_point)
    if status in (Status.ABSENT, Status.NOT_ASSESSED) or concept in _WHOLE_FILM or concept not in examination.maps:
        return Finding(concept=concept, status=status, probability=probability, evidence=(Evidence(kind="score"),))
    place = examination.maps[concept]
    evidence = (map_evidence(place),)
    if concept in _MIDLINE:
        return Finding(concept=concept, status=status, probability=probability, side=Side.MIDLINE, evidence=evidence)
    side, zone = examination.anatomy.locate(place.plane) if examination.anatomy else (None, None)
    return Finding(concept=concept, status=status, probability=probability, side=side, zone=zone, evidence=evidence)


def _with_ratio(finding: Finding, ratio: Measurement) -> Finding:
    """Let the measured ratio speak: a wide heart is never called absent, a narrow one never present."""
    status = finding.status
    if ratio.value >= _RATIO_LIMIT and status in (Status.ABSENT, Status.NOT_ASSESSED):
        status = Status.UNCERTAIN
    if ratio.value < _RATIO_LIMIT and status is Status.PRESENT:
        status = Status.UNCERTAIN
    evidence = (*finding.evidence, Evidence(kind="measurement", note=ratio.name))
    return finding.model_copy(update={"status": status, "evidence": evidence})


def _rank(finding: Finding) -> tuple[int, float]:
    order: Sequence[Status] = (Status.NOT_ASSESSED, Status.ABSENT, Status.UNCERTAIN, Status.PRESENT)
    return order.index(finding.status), finding.probability or 0.0
