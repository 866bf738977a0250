"""The capability evidence: where the model saw what it claims of a stored film, for a viewer to draw."""

from __future__ import annotations

import base64
from collections import OrderedDict
from threading import Lock
from typing import Literal, Self

import numpy as np
from pydantic import Field

from prosvet.archive.blind import ensure_open
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Frozen, Measurement, ModelRef, Point, Probability, Status
from prosvet.imaging.polygon import polygon
from prosvet.language.vocabulary import vocabulary
from prosvet.models.anatomy import Anatomy
from prosvet.models.examine import Examination, Examiner, FindingMap
from prosvet.reading.decide import decide
from prosvet.reading.evidence import excess
from prosvet.reading.stored import film_of, stored_image

__all__ = ["EvidenceRequest", "EvidenceResult", "FindingEvidence", "Heat", "run"]

Box = tuple[float, float, float, float]


class EvidenceRequest(Frozen):
    """Which stored image."""

    image: int = Field(ge=1, description="Number of the image in the archive.")


class Heat(Frozen):
    """A finding's map, small.

    Attributes
    ----------
    rows, cols : int
    values : str
        Base64 of `rows` × `cols` bytes, row by row: 0 at half of the map's peak and below it, 255 at the peak.
    place : (left, top, right, bottom)
        What the whole map covers, in pixels of the upright film; it may reach beyond the film.
    """

    rows: int
    cols: int
    values: str
    place: Box


class FindingEvidence(Frozen):
    """A finding that is claimed, or thought possible, and that has a place; points are on the upright film."""

    concept: str
    name: str
    status: Literal[Status.PRESENT, Status.UNCERTAIN]
    probability: Probability | None
    box: Box
    peak: Point
    heat: Heat


class EvidenceResult(Frozen):
    """What can be drawn over a film.

    Attributes
    ----------
    reason : str or None
        Why nothing is told: ``not_chest``, ``lateral`` or ``turned`` (the model would turn the film again).
    contours : dict of str to polygons
        ``right_lung``, ``left_lung``, ``heart``; right is the patient's right.
    ratio : Measurement or None
        The cardiothoracic ratio and its lines.
    """

    image: int
    study: str
    rows: int
    cols: int
    model: ModelRef
    reason: Literal["not_chest", "lateral", "turned"] | None = None
    findings: tuple[FindingEvidence, ...] = ()
    contours: dict[str, tuple[tuple[Point, ...], ...]] = Field(default_factory=dict)
    ratio: Measurement | None = None


class _Recent:
    """The last few answers of this process, so that a page and its viewer do not examine a film twice."""

    MOST = 32

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str, str, Lang], EvidenceResult] = OrderedDict()
        self._erasures = -1
        self._lock = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        return cls()

    def get(self, key: tuple[str, str, str, Lang], erasures: int) -> EvidenceResult | None:
        with self._lock:
            if erasures != self._erasures:  # what was erased must not live on here
                self._answers.clear()
                self._erasures = erasures
            return self._answers.get(key)

    def put(self, key: tuple[str, str, str, Lang], answer: EvidenceResult) -> None:
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > self.MOST:
                self._answers.popitem(last=False)


def run(request: EvidenceRequest, context: Context) -> EvidenceResult:
    """Examine a stored film and say where everything was seen.

    Raises
    ------
    NotFound
        When there is no such image for the context's actor.
    ModelError
        When the model cannot be loaded.
    """
    image = stored_image(request.image, context)
    ensure_open(context.get(Store), image.study, context.actor)
    AuditLog.from_context(context).write("evidence", study=image.study, image=image.id)
    examiner, recent = context.get(Examiner), context.get(_Recent)
    key = (image.version, examiner.ref.revision, examiner.ref.operating_point, context.lang)
    erasures = context.get(Store).changes().erasures
    known = recent.get(key, erasures)
    if known is not None and known.image == image.id:
        return known
    examination = examiner.examine(film_of(image, context, windowed=True), maps=True)
    rows, cols = examination.film.shape
    nothing = EvidenceResult(image=image.id, study=image.study, rows=rows, cols=cols, model=examination.model)
    reason = _refusal(examination)
    answer = nothing.model_copy(update={"reason": reason} if reason else _told(examination, context))
    recent.put(key, answer)
    return answer


def _refusal(examination: Examination) -> Literal["not_chest", "lateral", "turned"] | None:
    if not examination.gates.is_chest_xray:
        return "not_chest"
    if not examination.readable:
        return "lateral"
    return "turned" if examination.gates.rotated else None


def _told(examination: Examination, context: Context) -> dict[str, object]:
    findings = decide(examination, context.get(Examiner).card)
    anatomy = examination.anatomy
    return {
        "findings": tuple(one for f in findings if (one := _finding(f, findings, examination, context.lang))),
        "contours": _contours(anatomy, examination.film.shape) if anatomy else {},
        "ratio": anatomy.cardiothoracic_ratio() if anatomy else None,
    }


def _finding(
    finding: Finding, findings: tuple[Finding, ...], examination: Examination, lang: Lang
) -> FindingEvidence | None:
    """A finding with its place; None when nothing is claimed or it has none (the whole film speaks)."""
    place = next((one for one in finding.evidence if one.kind == "map"), None)
    if finding.status not in (Status.PRESENT, Status.UNCERTAIN) or place is None:
        return None
    # A finding that stands for its parts (focal opacity: mass or nodule) is shown on the part's own map.
    parts = (other.concept for other in findings if other.evidence == finding.evidence)
    concept = next((c for c in (finding.concept, *parts) if c in examination.maps), None)
    if concept is None or place.box is None or place.peak is None:
        return None
    return FindingEvidence(
        concept=finding.concept,
        name=vocabulary().concepts[finding.concept].names[lang],
        status=finding.status,
        probability=finding.probability,
        box=place.box,
        peak=place.peak,
        heat=_heat(examination.maps[concept]),
    )


def _heat(found: FindingMap) -> Heat:
    above_half = np.maximum(2 * excess(found.plane) - 1, 0)
    size = float(found.placement.size)
    corners = found.placement.to_original(np.array([[0.0, 0.0], [size, size]]))
    (left, top), (right, bottom) = ((round(float(x), 2), round(float(y), 2)) for x, y in corners)
    values = base64.b64encode((above_half * 255 + 0.5).astype(np.uint8).tobytes()).decode("ascii")
    return Heat(rows=found.plane.shape[0], cols=found.plane.shape[1], values=values, place=(left, top, right, bottom))


def _contours(anatomy: Anatomy, shape: tuple[int, int]) -> dict[str, tuple[tuple[Point, ...], ...]]:
    rows, cols = shape
    out: dict[str, tuple[tuple[Point, ...], ...]] = {}
    for part, mask in anatomy.masks.items():
        outline = np.array(polygon(mask)).reshape(-1, 2)
        step = anatomy.placement.size / mask.shape[0]
        carried = np.clip(anatomy.placement.to_original(outline * step), 0, (cols, rows))
        out[part] = (tuple((round(float(x), 1), round(float(y), 1)) for x, y in carried),)
    return out
