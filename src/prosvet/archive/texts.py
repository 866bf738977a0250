"""Reports in numbers and concepts: a vector from the mean of their sentences, findings from their words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from prosvet.archive.records import Claim
from prosvet.core.errors import QueryLanguage
from prosvet.core.types import Side, Status
from prosvet.language.detect import detect_language
from prosvet.language.labels import LabelledFinding, report_labels
from prosvet.models.text import TextEncoder

__all__ = ["REVISION", "ReportVectors", "report_claims", "report_language", "sentences"]

REVISION = "sentence-mean-1"
"""How a report's vector is made of the encoder's: the revision of every report vector."""

_REMEMBERED = 20_000  # sentences, 2 KB each: reports repeat themselves
_BREAK = re.compile(r"(?<=[.!?;])\s+|\n+")
_STRENGTH = (Status.PRESENT, Status.UNCERTAIN, Status.ABSENT)


def sentences(text: str) -> list[str]:
    """Sentences of a report.

    Examples
    --------
    >>> sentences("Heart size normal. No effusion.")
    ['Heart size normal.', 'No effusion.']
    """
    return [part.strip() for part in _BREAK.split(text) if part.strip()]


class ReportVectors:
    """Vectors of reports: the mean of their sentences' vectors, at unit length."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self.name = encoder.name
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> list[NDArray[np.float32] | None]:
        """A unit vector (512,) for each text; None for one without words."""
        split = [sentences(text) for text in texts]
        new = [s for s in dict.fromkeys(s for parts in split for s in parts) if s not in self._known]
        if len(self._known) + len(new) > _REMEMBERED:
            self._known.clear()
            new = list(dict.fromkeys(s for parts in split for s in parts))
        self._known.update(zip(new, self._encoder.encode(new), strict=True))
        out: list[NDArray[np.float32] | None] = []
        for parts in split:
            total = np.sum([self._known[part] for part in parts], axis=0) if parts else np.zeros(1)
            length = float(np.linalg.norm(total))
            out.append((total / length).astype(np.float32) if length > 0 else None)
        return out


def report_language(text: str) -> str:
    """``ru``, ``en`` or ``mixed``; ``und`` for a third language."""
    try:
        return detect_language(text)
    except QueryLanguage:
        return "und"


def report_claims(text: str) -> tuple[Claim, ...]:
    """One claim a concept, the strongest that the labeller finds: present, then uncertain, then absent."""
    found: dict[str, list[LabelledFinding]] = {}
    for finding in report_labels(text):
        found.setdefault(finding.concept, []).append(finding)
    claims = []
    for concept, findings in found.items():
        status = next(s for s in _STRENGTH if any(f.status is s for f in findings))
        same = [f for f in findings if f.status is status]
        zone = next((f.zone for f in same if f.zone is not None), None)
        severity = next((f.severity for f in same if f.severity is not None), None)
        claims.append(Claim(concept, status, "report", side=_side(same), zone=zone, severity=severity))
    return tuple(claims)


def _side(findings: Sequence[LabelledFinding]) -> Side | None:
    sides = {finding.side for finding in findings if finding.side is not None}
    if {Side.LEFT, Side.RIGHT} <= sides or Side.BILATERAL in sides:
        return Side.BILATERAL
    return next(iter(sorted(sides)), None)
