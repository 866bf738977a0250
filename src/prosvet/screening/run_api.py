"""The capability screen.run: decide on studies, and release those that are normal within the proven risk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field
from sqlalchemy import select

from prosvet.archive.api import FailedRow
from prosvet.archive.filters import StudyFilter, matching
from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, NotFound
from prosvet.core.i18n import text
from prosvet.core.types import Frozen
from prosvet.screening.archived import ArchivedStudy, studies
from prosvet.screening.calibrate_api import current_model
from prosvet.screening.calibrations import Calibration, calibration, known_vectors
from prosvet.screening.control import Controlled
from prosvet.screening.decide import Decision, Outcome, Reason, Seen
from prosvet.screening.examine import Screener
from prosvet.screening.incoming import take_in
from prosvet.screening.line import Line, line
from prosvet.screening.releases import record, settled
from prosvet.screening.words import doubt, guarantee, stop_words

__all__ = ["Decided", "ScreenRequest", "ScreenResult", "run"]

_PART = 200  # studies asked of the archive at once


class ScreenRequest(Frozen):
    """Which studies: the films of files and folders, or studies of the archive."""

    paths: tuple[Path, ...] = Field(default=(), description="Films and folders; they are taken into the archive.")
    filters: StudyFilter | None = Field(default=None, description="Studies of the archive; an empty filter is all.")
    limit: int | None = Field(default=None, ge=1, description="At most so many.")


class Decided(Frozen):
    """A study's decision; ``words`` are the guarantee of a release, or why there is none."""

    study: str
    outcome: Outcome
    reason: Reason | None
    score: float | None
    distance: float | None
    words: str


class ScreenResult(Frozen):
    """What was decided. ``open`` tells whether the line was open when the run began.

    ``skipped`` had been decided on before; ``failed`` are files that were refused.
    """

    site: str
    open: bool
    calibration: int | None
    threshold: float | None
    released: int
    referred: int
    abstained: dict[str, int]
    skipped: int
    decisions: tuple[Decided, ...]
    failed: tuple[FailedRow, ...] = ()
    notice: str = ""


def run(request: ScreenRequest, context: Context) -> ScreenResult:
    """Decide on each study in turn; a run that was stopped goes on where it was.

    On a line that is stopped, or is stopped meanwhile, nothing is released: such studies are abstained from, and
    decided on when the line is open again.

    Raises
    ------
    Forbidden
        For whoever is no reader.
    InvalidRequest
        When neither files nor studies are named.
    NotFound
        When a path or a study that is named is not there.
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    if not request.paths and request.filters is None:
        raise InvalidRequest(name="paths", reason="nothing_to_screen")
    site, model = context.settings.site, current_model(context)
    ids, failed = _wanted(request, context)
    found = line(context, site)
    chosen = calibration(context, found.calibration) if found.calibration is not None else None
    with context.get(Store).read() as db:
        done = settled(db, chosen.id if chosen else None)
        made = set(db.execute(select(Study.id).where(Study.synthetic)).scalars())
    asked = request.filters is not None and request.filters.synthetic
    todo = [study for study in ids if study not in done and (asked or study not in made)]
    decided = tuple(_decided(todo[: request.limit], found, chosen, model, context))
    return _result(found, chosen, decided, len(ids) - len(todo), failed, context)


def _wanted(request: ScreenRequest, context: Context) -> tuple[list[str], tuple[FailedRow, ...]]:
    ids, failed = take_in(request.paths, context) if request.paths else ([], ())
    if request.filters is not None:
        with context.get(Store).read() as db:
            seen = db.execute(matching(request.filters, context.actor).order_by(Study.id)).scalars().all()
        missing = set(request.filters.studies) - set(seen)
        if missing:
            raise NotFound(kind="study", name=min(missing))
        ids = sorted({*ids, *seen})
    return ids, failed


def _decided(
    todo: Sequence[str], found: Line, chosen: Calibration | None, model: str, context: Context
) -> Iterator[Decided]:
    screener = Screener(context, chosen, known_vectors(context, chosen.id)) if chosen else None
    rows = _studies(todo, chosen.model if chosen else model, context)
    for study in context.progress.track(rows, "screen", total=len(todo)):
        decision, films = _one(study, found, screener, model)
        kept = record(context, found.site, study, chosen, decision, films, model)
        if kept is not None:
            yield Decided(
                study=study.id, outcome=kept.outcome, reason=kept.reason, score=kept.score, distance=kept.distance,
                words=_words(kept, chosen, context),
            )  # fmt: skip


def _studies(todo: Sequence[str], model: str, context: Context) -> Iterator[ArchivedStudy]:
    """In parts, none of which holds the archive open while films are read."""
    for start in range(0, len(todo), _PART):
        with context.get(Store).read() as db:
            part = list(studies(db, todo[start : start + _PART], model))
        yield from part


def _one(study: ArchivedStudy, found: Line, screener: Screener | None, model: str) -> tuple[Decision, Sequence[Seen]]:
    if screener is None:
        return Decision("abstain", "no_calibration"), ()
    if found.state != "open":
        return Decision("abstain", "line_stopped"), ()
    if screener.calibration.model != model:
        return Decision("abstain", "model_differs"), ()
    return screener.decide(study)


def _words(decision: Decision, chosen: Calibration | None, context: Context) -> str:
    if decision.outcome == "abstain":
        words = text(f"screening.reasons.{decision.reason}", context.lang)
        if decision.reason == "unsure" and chosen is not None:
            return f"{words}{doubt(chosen.report.get('unsure'), context.lang)}"
        kinds = [text(f"quality.{one}", context.lang) for one in decision.detail.split(", ") if one]
        return f"{words} ({'; '.join(kinds)})" if kinds else words
    if decision.outcome == "refer" or chosen is None:
        return text("screening.refer", context.lang)
    risks = [Controlled.model_validate(risk) for risk in chosen.report["risks"]]
    return guarantee(risks, chosen.confidence, context.lang)


def _result(
    found: Line, chosen: Calibration | None, decided: tuple[Decided, ...], skipped: int,
    failed: tuple[FailedRow, ...], context: Context,
) -> ScreenResult:  # fmt: skip
    outcomes = Counter(one.outcome for one in decided)
    reasons = Counter(one.reason for one in decided if one.reason is not None)
    now = line(context, found.site)
    stopped, why = now.state != "open", stop_words(now.reason, context.lang)
    return ScreenResult(
        site=found.site, open=found.state == "open", calibration=chosen.id if chosen else None,
        threshold=chosen.threshold if chosen else None, released=outcomes["normal"], referred=outcomes["refer"],
        abstained=dict(reasons.most_common()), skipped=skipped, decisions=decided, failed=failed,
        notice=text("screening.notice.stopped", context.lang, reason=why) if stopped else "",
    )  # fmt: skip
