"""From words to what the flow is asked: a sentence's vector, findings, the heart's size and the grey of lung zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prosvet.core.types import Side, Status, Zone
from prosvet.language.labels import LabelledFinding, report_labels
from prosvet.models.text import TextEncoder
from prosvet.synthesis.card import GeneratorCard, Pattern

__all__ = ["LUNG_FINDINGS", "Wanted", "nothing", "want"]

LUNG_FINDINGS = frozenset({
    "pneumonia", "consolidation", "infiltration", "lung_opacity", "focal_opacity", "tuberculosis", "covid19_pneumonia",
    "pleural_effusion", "mass", "nodule", "lung_lesion", "atelectasis", "cavity", "dissemination", "edema", "fibrosis",
    "pleural_thickening",
})  # fmt: skip
_ALL_ABSENT = "normal"
_TEXT, _MEASURES = 512, 7
_MUCH = {"small": 0.6, "moderate": 1.0, "large": 1.6}
"""How much a zone's grey stands out for a severity, against the mean of training films where it stands out there."""


@dataclass(frozen=True)
class Wanted:
    """What the flow is asked, and what was understood.

    Attributes
    ----------
    asked : ndarray, shape (559,), float32
        Sentence vector and whether there is one; values and known of the findings; measures and known.
    style : int
    understood : tuple of LabelledFinding
        What the words say; empty where the generator knows none of it and the vector alone speaks.
    unknown : tuple of str
        Concepts named that the generator was never told of.
    said : str
        The words in the generator's own language, where these are not the prompt's.
    lost : tuple of str
        Stretches of the prompt that could not be put into them.
    """

    asked: NDArray[np.float32]
    style: int
    understood: tuple[LabelledFinding, ...]
    unknown: tuple[str, ...]
    said: str = ""
    lost: tuple[str, ...] = ()


def nothing(card: GeneratorCard, style: int) -> Wanted:
    """Asks for any film of a style: what guidance leads away from."""
    width = _TEXT + 1 + 2 * len(card.findings) + 2 * _MEASURES
    return Wanted(np.zeros(width, dtype=np.float32), style, (), ())


def want(text: str, style: int, card: GeneratorCard, encoder: TextEncoder) -> Wanted:
    """What `text`, Russian or English, without weights, asks of the generator of `card`."""
    said = [f for f in report_labels(text, parents=True) if f.status is not Status.UNCERTAIN]
    values, known = _findings(said, card.findings)
    measures, measured = _measures(said, card)
    vector = encoder.encode([text])[0]
    asked = np.concatenate([vector, [1.0], values, known, measures, measured]).astype(np.float32)
    named = {f.concept for f in said if f.status is Status.PRESENT and not f.why.implied_by}
    unknown = tuple(sorted(named - set(card.findings) - LUNG_FINDINGS - {_ALL_ABSENT, "abnormal"}))
    return Wanted(asked, style, tuple(said), unknown)


def _findings(said: Sequence[LabelledFinding], order: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    status = {f.concept: f.status for f in said}
    present = {name for name, found in status.items() if found is Status.PRESENT}
    if present == {_ALL_ABSENT}:
        return np.zeros(len(order), dtype=np.float32), np.ones(len(order), dtype=np.float32)
    if present - {_ALL_ABSENT}:
        status.setdefault("abnormal", Status.PRESENT)
    values = np.array([float(status.get(name) is Status.PRESENT) for name in order], dtype=np.float32)
    known = np.array([float(name in status) for name in order], dtype=np.float32)
    return values, known


def _measures(said: Sequence[LabelledFinding], card: GeneratorCard) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    values, known = np.zeros(_MEASURES, dtype=np.float32), np.zeros(_MEASURES, dtype=np.float32)
    for finding in said:
        if finding.concept in ("cardiomegaly", _ALL_ABSENT):
            large = finding.concept == "cardiomegaly" and finding.status is Status.PRESENT
            values[0], known[0] = card.heart[(finding.severity or "moderate") if large else "absent"], 1.0
            if large:
                break  # said of the heart itself: outweighs "normal" elsewhere
    placed = [f for f in said if f.concept in LUNG_FINDINGS and f.status is Status.PRESENT and f.side is not None]
    found = [(_pattern(f.side, f.zone, card), _MUCH[f.severity or "moderate"]) for f in placed]
    zones = [much * np.array(pattern.zones) for pattern, much in found if pattern is not None]
    if zones:
        values[1:] = np.max(zones, axis=0)
        known[1:] = 1.0
    return values, known


def _pattern(side: Side | None, zone: Zone | None, card: GeneratorCard) -> Pattern | None:
    name = zone.value if zone in (Zone.UPPER, Zone.MIDDLE, Zone.LOWER) else ""
    of_side = [p for p in card.patterns if side is not None and p.side == side.value]
    return next((p for p in of_side if p.zone == name), next((p for p in of_side if not p.zone), None))
