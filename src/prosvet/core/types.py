"""The shapes that layers exchange: a finding, the gates, a measurement, a report, a model's name."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from prosvet.core.i18n import Lang

__all__ = [
    "LIKELY",
    "Evidence",
    "Finding",
    "Frozen",
    "Gates",
    "Measurement",
    "ModelRef",
    "Moment",
    "Point",
    "Probability",
    "Report",
    "Section",
    "Sentence",
    "Side",
    "Status",
    "View",
    "Zone",
]

Probability = Annotated[float, Field(ge=0.0, le=1.0)]

LIKELY = 0.5
"""From this probability on, a finding over its operating point is called present; below it, possible."""


def _zoned(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


Moment = Annotated[datetime, PlainSerializer(_zoned, return_type=datetime, when_used="json")]
"""A time as the archive keeps it, UTC without a zone; in JSON with its zone, as RFC 3339 wants it."""
Point = tuple[float, float]
"""(x, y) in pixels of the original film, upright; x to the right, y down."""


class Frozen(BaseModel):
    """A value: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Status(StrEnum):
    """What is claimed of a finding. ``not_assessed`` means that nothing is claimed."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    NOT_ASSESSED = "not_assessed"


class Side(StrEnum):
    """The patient's side."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"
    MIDLINE = "midline"


class Zone(StrEnum):
    """Thirds of the lung field by height, or the whole."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"
    DIFFUSE = "diffuse"


class View(StrEnum):
    """Projection of the film."""

    FRONTAL = "frontal"
    LATERAL = "lateral"
    UNKNOWN = "unknown"


class ModelRef(Frozen):
    """Which model answered: every result names it."""

    name: str
    revision: str
    operating_point: str


class Evidence(Frozen):
    """Why a finding is claimed.

    Attributes
    ----------
    kind : str
        ``map`` (localisation map), ``measurement``, ``score``, ``text`` (a report's own words).
    peak : Point or None
        The strongest place of the map, on the original film.
    box : (left, top, right, bottom) or None
        Around the part of the map above half its peak, on the original film.
    note : str
        The measurement's name or the quoted words.
    """

    kind: str
    peak: Point | None = None
    box: tuple[float, float, float, float] | None = None
    note: str = ""


class Finding(Frozen):
    """One finding with its place and certainty; ``None`` means not assessed, never "no"."""

    concept: str
    status: Status
    probability: Probability | None = None
    side: Side | None = None
    zone: Zone | None = None
    severity: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Gates(Frozen):
    """What was checked before reading.

    Attributes
    ----------
    is_chest_xray : bool
    chest_xray_probability, lateral_probability, inverted_probability : float
    view : View
    inverted : bool
        The film came as a negative and was repaired.
    rotated : int
        Degrees counter-clockwise (0, 90, 180, 270) by which the film had been turned; it was turned back.
    quality : tuple of str
        Reasons for caution, as keys under ``quality`` in the locales: ``cut_lungs``, ``low_contrast``, ...
    """

    is_chest_xray: bool
    chest_xray_probability: Probability
    view: View
    lateral_probability: Probability
    inverted: bool
    inverted_probability: Probability
    rotated: int
    quality: tuple[str, ...] = ()


class Measurement(Frozen):
    """A number read off the film.

    Attributes
    ----------
    name : str
        ``cardiothoracic_ratio``.
    value : float
    unit : str
        Empty for a ratio.
    lines : dict of str to (Point, Point)
        The lines it was measured on (``heart``, ``thorax``), on the original film.
    """

    name: str
    value: float
    unit: str = ""
    lines: dict[str, tuple[Point, Point]] = {}


class Sentence(Frozen):
    """A sentence of a report and what stands behind it: concept ids or measurement names."""

    text: str
    sources: tuple[str, ...]


class Section(Frozen):
    """A part of the protocol, for example ``lungs`` or ``impression``, with its heading as printed."""

    name: str
    title: str
    sentences: tuple[Sentence, ...]


class Report(Frozen):
    """A draft for a doctor to edit and sign."""

    language: Lang
    sections: tuple[Section, ...]
    text: str
