"""The capability `read`: films in; gates, scores, findings, measurements and a draft protocol out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from prosvet.core.context import Context
from prosvet.core.errors import NotChestXray, NotFrontal, ProsvetError
from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Frozen, Gates, Measurement, ModelRef, Probability, View
from prosvet.imaging import load_film
from prosvet.imaging.film import Film
from prosvet.language.refine import Brief
from prosvet.models.examine import Examination, Examiner
from prosvet.reading.ask.shapes import ReaderName
from prosvet.reading.decide import decide
from prosvet.reading.draft import Draft, brief_of, checked_draft, seed_of
from prosvet.reading.files import films_below
from prosvet.reading.picture import save_overlay
from prosvet.reading.vlm.prompts import Shape
from prosvet.reading.vlm.report import ByReader, report_by_reader

__all__ = ["Failure", "ReadItem", "ReadRequest", "ReadResult", "Reading", "read_film", "run", "stream"]


class ReadRequest(BaseModel):
    """Which files to read and how.

    Attributes
    ----------
    files : list of Path
        Files and folders; a folder stands for the image files below it.
    lang : str or None
        Language of the draft; the settings' own when None.
    overlay : Path or None
        Folder for a picture of each film with heat map, contours and the ratio's lines.
    report : bool
        Write the draft. Scoring a thousand films needs none.
    reader : str or None
        Card of a vision-language model that writes the report; the compact findings are then its cross-check.
    told_findings : bool
        Tell the reader what the compact pack found and measured.
    shape : {"json", "line", "free"} or None
        The form in which the reader answers; None takes the strictest that it can give.
    prior : Path or None
        An earlier film of the same patient, put before the reader as well.
    """

    model_config = ConfigDict(extra="forbid")

    files: list[Path] = Field(min_length=1)
    lang: Lang | None = None
    overlay: Path | None = None
    report: bool = True
    reader: ReaderName = Field(default=None, max_length=64)
    told_findings: bool = True
    shape: Shape | None = None
    prior: Path | None = None


class Reading(Frozen):
    """What was read from one film. `scores` has every concept that the model scores; a finding that is
    ``not_assessed`` has no usable threshold and claims nothing.
    """

    file: str
    gates: Gates
    scores: dict[str, Probability]
    findings: tuple[Finding, ...]
    measurements: tuple[Measurement, ...]
    report: Draft | None
    model: ModelRef
    overlay: Path | None = None
    reader: ByReader | None = None


class Failure(Frozen):
    """Why a file could not be read."""

    code: str
    message: str
    hint: str


class ReadItem(Frozen):
    """One file's row: a reading or a failure, and the gates where they were reached."""

    file: str
    result: Reading | None = None
    error: Failure | None = None
    gates: Gates | None = None


class ReadResult(Frozen):
    """A row for every file, in the order given."""

    items: tuple[ReadItem, ...]

    @property
    def ok(self) -> bool:
        """Every file was read."""
        return all(item.error is None for item in self.items)


def run(request: ReadRequest, context: Context) -> ReadResult:
    """Read every file; a bad one becomes a row with its error and stops nothing.

    Raises
    ------
    NotFound
        When a path does not exist.
    ModelError
        When the model cannot be loaded: no row could be right.
    ImageError
        When the prior film cannot be read.
    """
    return ReadResult(items=tuple(stream(request, context)))


def stream(request: ReadRequest, context: Context) -> Iterator[ReadItem]:
    """The rows of :func:`run` one by one, as they are ready."""
    paths = films_below(request.files)
    lang = request.lang or context.lang
    for path in context.progress.track(paths, "read", total=len(paths)):
        try:
            film = load_film(path, context.settings)
        except ProsvetError as error:
            yield _failed(path.name, error, lang)
            continue
        # Maps and anatomy are wanted for every reading: they give each finding its place.
        examination = context.get(Examiner).examine(film, maps=True)
        try:
            yield ReadItem(
                file=path.name, result=_reading(examination, context, request, lang), gates=examination.gates
            )
        except ProsvetError as error:
            yield _failed(path.name, error, lang, examination.gates)


def read_film(film: Film, context: Context, lang: Lang | None = None) -> tuple[Reading, Examination]:
    """Read one film that is already in memory; also returns what the networks said.

    Raises
    ------
    NotChestXray, NotFrontal
        When a gate refuses the film.
    """
    examination = context.get(Examiner).examine(film, maps=True)
    return _reading(examination, context, ReadRequest(files=[Path(film.name)]), lang or context.lang), examination


def _reading(examination: Examination, context: Context, request: ReadRequest, lang: Lang) -> Reading:
    gates, name = examination.gates, examination.film.name
    _refuse(examination)
    card = context.get(Examiner).card
    findings = decide(examination, card)
    ratio = examination.anatomy.cardiothoracic_ratio() if examination.anatomy else None
    measurements = (ratio,) if ratio is not None else ()
    brief = brief_of(findings, measurements, gates, lang, seed_of(examination.film.sha256))
    report, by_reader = _written(examination.film, brief, context, request)
    overlay = save_overlay(examination, findings, request.overlay, lang) if request.overlay else None
    return Reading(
        file=name,
        gates=gates,
        scores=examination.scores,
        findings=findings,
        measurements=measurements,
        report=report,
        model=examination.model,
        overlay=overlay,
        reader=by_reader,
    )


def _written(
    film: Film, brief: Brief, context: Context, request: ReadRequest
) -> tuple[Draft | None, ByReader | None]:  # fmt: skip
    if not request.report:
        return None, None
    if request.reader is None:
        return checked_draft(brief), None
    prior = _prior(request.prior, context) if request.prior is not None else None
    return report_by_reader(
        request.reader, film, brief, context, shape=request.shape, findings=request.told_findings, prior=prior
    )


def _prior(path: Path, context: Context) -> tuple[Film, tuple[Finding, ...]]:
    """The earlier film and what the compact pack finds on it.

    Raises
    ------
    NotChestXray, NotFrontal
        When it is not a film that can be compared with.
    """
    examiner = context.get(Examiner)
    examination = examiner.examine(load_film(path, context.settings), maps=True)
    _refuse(examination)
    return examination.film, decide(examination, examiner.card)


def _refuse(examination: Examination) -> None:
    gates, name = examination.gates, examination.film.name
    if not gates.is_chest_xray:
        raise NotChestXray(name=name, probability=gates.chest_xray_probability)
    if gates.view is View.LATERAL:
        raise NotFrontal(name=name, probability=gates.lateral_probability)


def _failed(name: str, error: ProsvetError, lang: Lang, gates: Gates | None = None) -> ReadItem:
    failure = Failure(code=error.code, message=error.message(lang), hint=error.hint(lang))
    return ReadItem(file=name, error=failure, gates=gates)
