"""What the store answers with: plain rows, safe to keep after the database has moved on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prosvet.core.types import Side, Status, View, Zone

__all__ = ["Changes", "Counts", "FindingRow", "ImageRow", "ReportRow", "StudyRow"]


@dataclass(frozen=True, slots=True)
class Changes:
    """Where the archive stands. An index built at the same ``erasures`` only needs what was added since.

    Attributes
    ----------
    version : int
        Grows with every committed write.
    erasures : int
        Grows with every erasure; an index with another value must be rebuilt.
    """

    version: int
    erasures: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    patients: int
    studies: int
    images: int
    reports: int


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A claim and its origin: ``manifest``, ``report`` or ``model:NAME@REVISION``."""

    concept: str
    status: Status
    origin: str
    probability: float | None = None
    side: Side | None = None
    zone: Zone | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study with what hangs on it; ``files`` are original names without folders."""

    id: str
    patient: str
    sex: str | None
    age: float | None
    date: date | None
    source: str
    split: str | None
    description: str
    files: tuple[str, ...]
    views: tuple[View, ...]
    images: tuple[int, ...]
    reports: tuple[int, ...]
    findings: tuple[FindingRow, ...]
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image and its study. ``findings`` are its own and those of the study as a whole.

    ``scores`` are the calibrated probabilities of the model that examined it, by concept.
    """

    id: int
    study: str
    file: str
    sha256: str
    view: View
    rows: int
    cols: int
    patient: str
    sex: str | None
    age: float | None
    date: date | None
    source: str
    findings: tuple[FindingRow, ...]
    scores: dict[str, float]
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report and its study. ``file`` is the study's first image, or the report's own file."""

    id: int
    study: str
    file: str
    language: str
    indication: str
    findings_text: str
    impression: str
    labels: tuple[str, ...]
    patient: str
    sex: str | None
    age: float | None
    date: date | None
    source: str
    findings: tuple[FindingRow, ...]
    synthetic: bool = False

    @property
    def text(self) -> str:
        """Findings and impression, as one text."""
        return "\n".join(part for part in (self.findings_text, self.impression) if part)
