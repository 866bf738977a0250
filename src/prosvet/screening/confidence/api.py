"""The capability screen.confidence: measures of doubt compared on a site's labelled studies, and which to use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field
from sqlalchemy import select

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, Study
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, ScreeningError
from prosvet.core.i18n import text
from prosvet.core.types import Frozen
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examiner
from prosvet.screening.archived import ArchivedStudy, studies
from prosvet.screening.binomial import Share, share
from prosvet.screening.calibrate_api import current_model, operating_point
from prosvet.screening.confidence.calibrated import labelled
from prosvet.screening.confidence.compare import Measured, chosen, compare
from prosvet.screening.confidence.curves import COVERAGES
from prosvet.screening.confidence.facts import EXTRAS
from prosvet.screening.confidence.methods import Labelled
from prosvet.screening.confidence.views import Views
from prosvet.screening.table import read_labels
from prosvet.screening.words import percent

__all__ = ["ConfidenceRequest", "ConfidenceResult", "run"]


class ConfidenceRequest(Frozen):
    """On which labelled studies of the archive, and what is left out when a measure is judged."""

    labels: Path = Field(description="CSV: id,abnormal and, where known, patient.")
    across: Literal["patient", "source"] = Field(
        default="patient", description="Judge on patients left out, or on whole sources (hospitals) left out."
    )
    views: bool = Field(default=False, description="Read the films again for disagreement of encoders and of copies.")
    resamples: int = Field(default=1000, ge=100, le=10000, description="Of patients, for the intervals.")


class ConfidenceResult(Frozen):
    """The measures side by side.

    Attributes
    ----------
    point : float
        The score from which the model calls a study abnormal; it is wrong where the label says otherwise.
    n, patients, unknown : int
        Studies compared, their patients, and labelled studies of which the archive does not know enough.
    wrong : Share
        Studies on which the model is wrong.
    coverages : tuple of float
        Of the ``risks`` of each measure.
    chosen : str
        The measure to use: ``score`` where none is proved to be better.
    """

    model: str
    point: float
    across: str
    n: int
    patients: int
    unknown: int
    wrong: Share
    coverages: tuple[float, ...]
    methods: tuple[Measured, ...]
    chosen: str
    words: str
    warnings: tuple[str, ...]


def run(request: ConfidenceRequest, context: Context) -> ConfidenceResult:
    """Compare; nothing is kept. What is chosen is put to use by ``screen calibrate`` with a share set aside.

    Raises
    ------
    Forbidden
        For whoever is not a senior.
    NotFound, MissingColumns, InvalidRecord
        For a table that cannot be used.
    ScreeningError
        When the studies, or the model's errors among them, are too few to compare anything.
    """
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    labels, model, point = read_labels(request.labels), current_model(context), operating_point(context)
    with context.get(Store).read() as db:
        held = {one.id: one for one in studies(db, list(labels), model)}
    ids, known = labelled(labels, held, point)
    if request.views:
        known = _with_views(ids, known, held, context)
    groups = _sources(ids, context) if request.across == "source" else None
    if groups is not None and len(set(groups)) < 2:
        raise ScreeningError(reason="one_source")
    methods = compare(known, groups, request.resamples)
    best, wrong = chosen(methods), int(known.wrong.sum())
    AuditLog.from_context(context).write("screen_confidence", model=model, n=len(ids), chosen=best)
    return ConfidenceResult(
        model=model, point=point, across=request.across, n=len(ids), patients=len(set(known.patients)),
        unknown=len(labels) - len(ids), wrong=share(wrong, len(ids), len(set(known.patients))), coverages=COVERAGES,
        methods=methods, chosen=best, words=_words(methods, best, request.across, context),
        warnings=_warnings(len(labels) - len(ids), wrong, context),
    )  # fmt: skip


def _with_views(ids: list[str], known: Labelled, held: Mapping[str, ArchivedStudy], context: Context) -> Labelled:
    """The disagreement of each study's worst film, read anew."""
    views, examiner, store = Views.from_context(context), context.get(Examiner), context.get(FileStore)
    extras = known.facts.extras.copy()
    for n, name in enumerate(context.progress.track(ids, "screen", total=len(ids))):
        worst = held[name].worst
        if worst is None:
            continue
        with context.get(Store).read() as db:
            row = db.execute(select(Image.sha256, Image.file).where(Image.id == worst.id)).one()
        film = load_bytes(store.read(row.sha256), row.file, context.settings)
        found = views.spread(examiner.examine(film, anatomy=False).film)
        extras[n, EXTRAS.index("copies")] = found.copies
        extras[n, EXTRAS.index("members")] = np.nan if found.members is None else found.members
    return replace(known, facts=replace(known.facts, extras=extras))


def _sources(ids: list[str], context: Context) -> list[str]:
    with context.get(Store).read() as db:
        found = {row.id: row.source for row in db.execute(select(Study.id, Study.source))}
    return [str(found[name]) for name in ids]


def _words(methods: tuple[Measured, ...], best: str, across: str, context: Context) -> str:
    lang = context.lang
    if best == "score":
        return text(f"confidence.nothing.{across}", lang)
    by = {one.method: one for one in methods}
    at = COVERAGES.index(0.8)
    return text(
        "confidence.use", lang, name=text(f"confidence.methods.{best}", lang),
        before=percent(by["score"].risks[at].value, lang, 1), after=percent(by[best].risks[at].value, lang, 1),
    )  # fmt: skip


def _warnings(unknown: int, wrong: int, context: Context) -> tuple[str, ...]:
    told = []
    if unknown:
        told.append(text("confidence.unknown", context.lang, n=unknown))
    if wrong < 50:
        told.append(text("confidence.few", context.lang, n=wrong))
    return tuple(told)
