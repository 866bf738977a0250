"""Where the model and the record contradict each other, and where the record says nothing of what the model sees."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from prosvet.core.types import Finding, Frozen, Probability, Status
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.retrospective.claims import Claim, Record, Source
from prosvet.reading.retrospective.score import HARM, Kind, score

__all__ = ["Disagreement", "disagreements", "kin"]

_FOUND = (Status.PRESENT, Status.UNCERTAIN)

_ALIKE: tuple[frozenset[str], ...] = (
    # One shadow, several names for it: to call a pneumonia a consolidation is no miss.
    frozenset({"pneumonia", "consolidation", "infiltration", "covid19_pneumonia", "tuberculosis", "atelectasis",
               "lung_opacity", "ground_glass", "interstitial_pattern", "dissemination", "cavity", "lung_abscess",
               "aspiration", "increased_markings"}),
    frozenset({"mass", "nodule", "focal_opacity", "lung_lesion", "lung_cancer", "lung_metastases", "granuloma",
               "calcified_granuloma", "calcification", "ghon_focus", "hilar_enlargement", "mediastinal_mass", "cavity",
               "nipple_shadow"}),
    frozenset({"cardiomegaly", "enlarged_cardiomediastinum", "pericardial_effusion", "left_ventricle_enlargement",
               "left_atrium_enlargement"}),
    frozenset({"edema", "vascular_congestion", "heart_failure", "interstitial_pattern"}),
    frozenset({"pleural_effusion", "pleural_thickening", "pleural_other", "pleural_adhesions", "pleural_plaque",
               "sinus_obliteration", "hydropneumothorax", "haemothorax", "empyema"}),
    frozenset({"pneumothorax", "hydropneumothorax", "tension_pneumothorax"}),
    frozenset({"emphysema", "hyperinflation", "copd", "bulla", "diaphragm_flattening"}),
    frozenset({"fibrosis", "interstitial_pattern", "old_tuberculosis", "bronchiectasis", "pneumoconiosis",
               "sarcoidosis"}),
    frozenset({"tuberculosis", "old_tuberculosis", "miliary_tuberculosis", "ghon_focus"}),
    frozenset({"hernia", "diaphragm_eventration"}),
)  # fmt: skip


class Disagreement(Frozen):
    """One finding on which the model and the record differ.

    Attributes
    ----------
    kind : str
        ``denied``: the record denies what the model sees. ``denied_all``: it calls the film normal. ``silent``: its
        text does not mention it. ``reverse``: it reports what the model does not see.
    source, number
        Which record: signed protocol, report, or the labels of the source.
    by : str
        The concept of the record that decided: the finding itself, a wider one, or ``normal``.
    """

    concept: str
    kind: Kind
    probability: Probability
    score: Probability
    source: Source
    number: int | None = None
    by: str = ""


@cache
def kin(concept: str) -> frozenset[str]:
    """The finding, what it is a kind of, its own kinds, and what often goes by another name for the same shadow."""
    words = vocabulary()
    alike = frozenset().union(*(group for group in _ALIKE if concept in group))
    return (words.ancestors(concept) | words.descendants(concept) | alike | {concept}) - {"abnormal"}


def disagreements(found: Mapping[str, Finding], record: Record) -> tuple[Disagreement, ...]:
    """All of one study, worst first. What the model did not assess, or is unsure of, is no disagreement.

    Parameters
    ----------
    found : mapping of concept to Finding
        The model's.
    """
    made = [one for concept in found if concept != "abnormal" and (one := _one(concept, found, record)) is not None]
    if not made and "abnormal" in found and (whole := _whole(found["abnormal"], record)) is not None:
        made.append(whole)
    return tuple(sorted(made, key=lambda one: -one.score))


def _one(concept: str, found: Mapping[str, Finding], record: Record) -> Disagreement | None:
    finding = found[concept]
    if concept not in HARM or finding.probability is None:
        return None
    if finding.status is Status.PRESENT:
        return _missed(concept, finding.probability, record)
    if finding.status is Status.ABSENT:
        return _reverse(concept, found, record)
    return None


def _missed(concept: str, probability: float, record: Record) -> Disagreement | None:
    """The model sees it: does the record?"""
    claims = record.claims
    if any(other in claims and claims[other].status in _FOUND for other in kin(concept)):
        return None
    wider = [concept, *sorted(vocabulary().ancestors(concept) - {"abnormal"})]
    for other in wider:  # absent there means absent here
        if other in claims:
            return _made(concept, "denied", probability, claims[other], other)
    normal = _normal(record)
    if normal is not None:
        return _made(concept, "denied_all", probability, *normal)
    if record.text is not None:
        return _made(concept, "silent", probability, Claim(Status.NOT_ASSESSED, *record.text), "")
    return None


def _reverse(concept: str, found: Mapping[str, Finding], record: Record) -> Disagreement | None:
    """The model does not see it: does the record claim it?"""
    claim, finding = record.claims.get(concept), found[concept]
    if claim is None or claim.status is not Status.PRESENT or finding.probability is None:
        return None
    if any(other in found and found[other].status in _FOUND for other in kin(concept)):
        return None
    return _made(concept, "reverse", finding.probability, claim, concept)


def _whole(finding: Finding, record: Record) -> Disagreement | None:
    """Only where no single finding is at odds: abnormal against normal."""
    if finding.probability is None:
        return None
    normal, claim = _normal(record), record.claims.get("abnormal")
    if finding.status is Status.PRESENT and normal is not None:
        return _made("abnormal", "denied_all", finding.probability, *normal)
    if finding.status is Status.ABSENT and claim is not None and claim.status is Status.PRESENT:
        return _made("abnormal", "reverse", finding.probability, claim, "abnormal")
    return None


def _normal(record: Record) -> tuple[Claim, str] | None:
    """The claim that the whole film is normal."""
    for concept, status in (("normal", Status.PRESENT), ("abnormal", Status.ABSENT)):
        claim = record.claims.get(concept)
        if claim is not None and claim.status is status:
            return claim, concept
    return None


def _made(concept: str, kind: Kind, probability: float, claim: Claim, by: str) -> Disagreement:
    return Disagreement(
        concept=concept, kind=kind, probability=probability, score=score(concept, kind, probability),
        source=claim.source, number=claim.number, by=by,
    )  # fmt: skip
