"""The capability site.fit: an adapter of the model in force from the site's own labels, kept and not yet used."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, SiteError
from prosvet.core.types import Frozen
from prosvet.models.adapter import Adapter, AdapterCard
from prosvet.models.adapter_files import save_adapter
from prosvet.models.card import Card, load_card
from prosvet.models.deployed import deployed
from prosvet.training.site.archived import from_archive
from prosvet.training.site.cases import Cases
from prosvet.training.site.choose import FOLDS
from prosvet.training.site.fit import fit
from prosvet.training.site.table import from_marks, from_table

__all__ = ["FitRequest", "FitResult", "LabelSource", "patient_key", "run"]

_LEAST, _PEOPLE = 20, 16  # labelled films, and patients


class LabelSource(Frozen):
    """Where labels come from: a table, or the marks."""

    labels: Path | None = Field(default=None, description="CSV: id, and a column for each finding with 1, 0 or blank.")
    marks: bool = Field(default=False, description="The marks of the queue.")

    def said(self, card: Card, context: Context) -> tuple[dict[str, dict[str, float]], str]:
        """The labels by id, and the name of where they come from."""
        if self.labels is not None:
            return from_table(self.labels, card.labels), self.labels.name
        return from_marks(context, card.labels), "marks"


class FitRequest(LabelSource):
    """Fit an adapter; one of ``labels`` and ``marks``."""

    name: str = Field(default="", max_length=80, description="A name to tell it by.")
    seed: int = Field(default=0, ge=0, le=2**31, description="Of the parting into folds.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.labels is None) == (not self.marks):
            raise ValueError("one of: labels, marks")
        return self


class FitResult(Frozen):
    """The adapter's card.

    Attributes
    ----------
    revision : str
        What the adapted model will be called.
    sha256 : str
        Of the card's file.
    adapted, thresholds : int
        Findings with a correction, and with a threshold that the site moved.
    unknown : int
        Ids of the labels that the archive does not hold.
    """

    card: AdapterCard
    revision: str
    sha256: str
    adapted: int
    thresholds: int
    unknown: int


def run(request: FitRequest, context: Context) -> FitResult:
    """Fit and keep an adapter as the site's next version; ``site use`` puts it in force.

    Raises
    ------
    Forbidden
        For whoever is not a senior.
    SiteError
        When there are too few labelled films, or none.
    NotFound, MissingColumns, InvalidRecord
        For a table that cannot be used.
    """
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    settings = context.settings
    base = load_card(deployed(settings).model, settings.home)
    said, source = request.said(base, context)
    cases, unknown = from_archive(said, base, context)
    said_of: NDArray[np.bool_] = np.asarray(np.isfinite(cases.labels).any(axis=1))
    labelled = cases.rows(said_of)
    if len(labelled) < _LEAST:
        raise SiteError(reason="too_few", n=len(labelled), least=_LEAST)
    people = len(np.unique(labelled.patients))
    if people < _PEOPLE:
        raise SiteError(reason="few_patients", n=people, least=_PEOPLE)
    points = {name: {f: p.threshold for f, p in table.items()} for name, table in base.operating_points.items()}
    fitted = fit(labelled, points, request.seed)
    card = _card(labelled, base, request, source, context).model_copy(update={"findings": fitted.findings})
    made = save_adapter(settings, card, fitted.weights)
    AuditLog.from_context(context).write(
        "site_fit", site=settings.site, adapter=made.card.version, sha256=made.sha256, model=made.card.model,
        revision=made.card.revision, films=made.card.films, data=made.card.data_sha256,
    )  # fmt: skip
    return _result(made, unknown)


def patient_key(site: str, data_sha256: str, patient: str) -> str:
    """A patient in an adapter's list of those it was fitted on: no name, not even the archive's pseudonym."""
    return hashlib.sha256(f"{site}\0{data_sha256}\0{patient}".encode()).hexdigest()[:16]


def _card(cases: Cases, base: Card, request: FitRequest, source: str, context: Context) -> AdapterCard:
    site, data = context.settings.site, cases.digest()
    people = np.unique(cases.patients)
    days = sorted(day for day in cases.dates.tolist() if day)
    time = now("second")
    return AdapterCard(
        site=site, version=1, name=request.name.strip(), model=base.name, revision=base.revision, sha256="0" * 64,
        bytes=1, created=time, by=context.actor.name, labels_from=source, data_sha256=data, films=len(cases),
        studies=len(np.unique(cases.studies)), patients=len(people), first=days[0] if days else None,
        last=days[-1] if days else None, folds=FOLDS, seed=request.seed,
        seen=tuple(sorted(patient_key(site, data, str(one)) for one in people)), labels=base.labels, findings={},
    )  # fmt: skip


def _result(made: Adapter, unknown: int) -> FitResult:
    findings = made.card.findings.values()
    return FitResult(
        card=made.card, revision=made.revision, sha256=made.sha256,
        adapted=sum(one.kind != "identity" for one in findings),
        thresholds=sum(any(point.moved for point in one.points.values()) for one in findings), unknown=unknown,
    )  # fmt: skip
