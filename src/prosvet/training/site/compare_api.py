"""The capability site.compare: global against local on patients that the adapter has not seen, by paired tests."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, SiteError
from prosvet.core.types import Frozen
from prosvet.models.adapter import Adapter, Compared, FindingAdaptation, log_odds
from prosvet.models.adapter_files import adapter_versions, load_adapter, load_adapter_card
from prosvet.models.card import Card, load_card
from prosvet.models.deployed import deployed
from prosvet.training.pipeline.paired_tests import calls_test
from prosvet.training.site.archived import from_archive
from prosvet.training.site.cases import Cases
from prosvet.training.site.fit import compared
from prosvet.training.site.fit_api import LabelSource, patient_key

__all__ = ["Calls", "CompareSiteRequest", "CompareSiteResult", "Row", "Verdict", "chosen_version", "run"]

Bools = NDArray[np.bool_]
Verdict = Literal["better", "worse", "cannot_tell"]
_LEAST = 16  # patients that were not seen
_CHANCE = 0.05


class CompareSiteRequest(LabelSource):
    """Which adapter, and on what; without labels, its own figures, each film out of its fold."""

    adapter: int | None = Field(default=None, ge=1, description="The one in force by default, or the latest.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.labels is not None and self.marks:
            raise ValueError("one of: labels, marks")
        return self


class Calls(Frozen):
    """Calls at the settings' operating point: shares of films called rightly, the difference, and a paired test."""

    right_global: float
    right_local: float
    low: float
    high: float
    p: float
    sensitivity_global: float
    sensitivity_local: float
    specificity_global: float
    specificity_local: float


class Row(Frozen):
    """One finding, labelled on ``n`` films. ``verdict`` is of the local model by log loss, ``order`` by AUROC.

    Both are ``cannot_tell`` where the 95 % interval of the difference holds 0.
    """

    finding: str
    n: int
    positives: int
    patients: int
    kind: str
    why: str
    compared: Compared | None
    calls: Calls | None = None
    verdict: Verdict = "cannot_tell"
    order: Verdict = "cannot_tell"


class CompareSiteResult(Frozen):
    """Global against local.

    Attributes
    ----------
    on : str
        ``folds`` (the adapter's own films, each out of its fold) or ``held_out`` (other patients).
    left_out : int
        Films of patients that it was fitted on.
    worse : tuple of str
        Findings that got significantly worse.
    """

    adapter: int
    model: str
    revision: str
    on: Literal["folds", "held_out"]
    labels_from: str
    films: int
    left_out: int = 0
    unknown: int = 0
    rows: tuple[Row, ...]
    worse: tuple[str, ...]


def run(request: CompareSiteRequest, context: Context) -> CompareSiteResult:
    """Compare the model with its adaptation.

    Raises
    ------
    Forbidden
        For whoever may not read.
    NotFound, DeploymentError
        When there is no such adapter, or it cannot be used.
    SiteError
        When too few films of other patients are labelled, or none.
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    settings = context.settings
    version = chosen_version(request.adapter, context)
    card = load_adapter_card(settings, version)
    if request.labels is None and not request.marks:
        rows = tuple(_of_card(finding, card.findings[finding]) for finding in card.labels if finding in card.findings)
        return CompareSiteResult(
            adapter=version, model=card.model, revision=f"{card.revision}+{card.site}.{version}", on="folds",
            labels_from=card.labels_from, films=card.films, rows=rows, worse=_worse(rows),
        )  # fmt: skip
    base = load_card(card.model, settings.home)
    adapter = load_adapter(settings, version, base)
    said, source = request.said(base, context)
    cases, unknown = from_archive(said, base, context)
    fresh = np.array([patient_key(card.site, card.data_sha256, str(p)) not in set(card.seen) for p in cases.patients])
    judges = cases.rows(fresh)
    if len(np.unique(judges.patients)) < _LEAST:
        raise SiteError(reason="too_few_held_out", n=len(judges), seen=int((~fresh).sum()), least=_LEAST)
    rows = _held_out(judges, adapter, base, settings.operating_point)
    return CompareSiteResult(
        adapter=version, model=card.model, revision=adapter.revision, on="held_out", labels_from=source,
        films=len(judges), left_out=int((~fresh).sum()), unknown=unknown, rows=rows, worse=_worse(rows),
    )  # fmt: skip


def chosen_version(wanted: int | None, context: Context) -> int:
    """The adapter that is meant: `wanted`, else the one in force, else the latest.

    Raises
    ------
    SiteError
        When the site has none.
    """
    used = wanted or deployed(context.settings).adapter
    versions = adapter_versions(context.settings)
    if used is None and not versions:
        raise SiteError(reason="no_adapter", site=context.settings.site)
    return used or versions[-1]


def _held_out(judges: Cases, adapter: Adapter, base: Card, point: str) -> tuple[Row, ...]:
    local = adapter.weights(judges.scores, judges.vectors)
    before, after = log_odds(judges.scores), log_odds(local)
    rows = []
    for k, finding in enumerate(judges.findings):
        known = np.isfinite(judges.labels[:, k])
        if not known.any():
            continue
        labels, people = judges.labels[known, k], judges.patients[known]
        one = adapter.card.findings.get(finding)
        found = compared(before[known, k], after[known, k], labels, people)
        limit = base.operating_points.get(point, {}).get(finding)
        moved = one.points.get(point) if one is not None else None
        calls = None
        if limit is not None:
            own = limit.threshold if moved is None else moved.threshold
            calls = _calls(judges.scores[known, k] >= limit.threshold, local[known, k] >= own, labels, people)
        rows.append(Row(
            finding=finding, n=int(known.sum()), positives=int((labels == 1).sum()), patients=len(np.unique(people)),
            kind=one.kind if one else "identity", why=one.why if one else "no_labels", compared=found, calls=calls,
            verdict=_verdict(found.loss_low, found.loss_high, higher=False),
            order=_verdict(found.auroc_low, found.auroc_high, higher=True),
        ))  # fmt: skip
    return tuple(rows)


def _of_card(finding: str, told: FindingAdaptation) -> Row:
    found = told.compared
    return Row(
        finding=finding, n=told.positives + told.negatives, positives=told.positives, patients=told.patients,
        kind=told.kind, why=told.why, compared=found,
        verdict=_verdict(found.loss_low, found.loss_high, higher=False) if found else "cannot_tell",
        order=_verdict(found.auroc_low, found.auroc_high, higher=True) if found else "cannot_tell",
    )  # fmt: skip


def _calls(one: Bools, two: Bools, labels: NDArray[np.float64], people: NDArray[np.str_]) -> Calls:
    sick = labels == 1
    test = calls_test(one == sick, two == sick, people)

    def share(called: Bools, side: Bools) -> float:
        return round(float(called[side].mean()), 4) if side.any() else 0.0

    return Calls(
        right_global=test.first, right_local=test.second, low=test.low, high=test.high, p=test.p,
        sensitivity_global=share(one, sick), sensitivity_local=share(two, sick),
        specificity_global=share(~one, ~sick), specificity_local=share(~two, ~sick),
    )  # fmt: skip


def _verdict(low: float | None, high: float | None, *, higher: bool) -> Verdict:
    if low is None or high is None or low <= 0 <= high:
        return "cannot_tell"
    return "better" if (low > 0) == higher else "worse"


def _worse(rows: tuple[Row, ...]) -> tuple[str, ...]:
    return tuple(
        row.finding
        for row in rows
        if "worse" in (row.verdict, row.order)
        or (row.calls is not None and row.calls.p < _CHANCE and row.calls.right_local < row.calls.right_global)
    )
