"""What one item becomes on its way into the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from prosvet.core.types import Side, Status, Zone

__all__ = ["Claim", "ImageRecord", "Record", "ReportRecord"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding and who claims it: ``origin`` is manifest, report or model:NAME@REVISION."""

    concept: str
    status: Status
    origin: str
    probability: float | None = None
    side: Side | None = None
    zone: Zone | None = None
    severity: str | None = None

    def values(self) -> dict[str, Any]:
        """Columns of the table of findings, owner apart."""
        return {
            "concept": self.concept, "status": self.status.value, "origin": self.origin,
            "probability": self.probability, "side": self.side and self.side.value,
            "zone": self.zone and self.zone.value, "severity": self.severity,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """An image that is not yet in the archive; ``columns`` are those of its table, id and study apart.

    ``vector`` is (model, revision, float16 bytes).
    """

    columns: dict[str, Any]
    claims: tuple[Claim, ...] = ()
    vector: tuple[str, str, bytes] | None = None
    base_scores: tuple[str, str, dict[str, float]] | None = None


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """A report; ``columns`` are those of its table, id and study apart."""

    columns: dict[str, Any]
    claims: tuple[Claim, ...] = ()
    vector: tuple[str, str, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One item, ready to be written.

    Attributes
    ----------
    key, size, mtime_ns, sha256
        For the ledger; ``sha256`` is of the source's content.
    image : ImageRecord or None
        None when there is no image, or when it is in the archive already.
    claims : tuple of Claim
        The source's labels, which belong to the study.
    """

    key: str
    size: int
    mtime_ns: int
    sha256: str
    study: str
    patient: str
    source: str
    date_shifted: bool
    sex: str | None = None
    birth_year: int | None = None
    age: float | None = None
    date: date | None = None
    split: str | None = None
    description: str = ""
    image: ImageRecord | None = None
    report: ReportRecord | None = None
    claims: tuple[Claim, ...] = field(default=())
