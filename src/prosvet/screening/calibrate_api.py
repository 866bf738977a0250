"""The capability screen.calibrate: choose the threshold that a site's own labelled set proves, and keep it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, ScreeningError
from prosvet.core.i18n import text
from prosvet.core.types import Frozen
from prosvet.models.deployed import card_in_force
from prosvet.screening import known
from prosvet.screening.archived import SCORE, ArchivedStudy, studies
from prosvet.screening.binomial import Share, best_target, needed
from prosvet.screening.calibrations import keep
from prosvet.screening.confidence.calibrated import SetRule, UnsureChoice, make_rule, ruled, told
from prosvet.screening.confidence.rule import Rule
from prosvet.screening.control import Controlled, CurvePoint, Floats, Risk, cleared, control, curve
from prosvet.screening.policy import Policy
from prosvet.screening.table import Case, cases, data_hash, read_labels, read_scores
from prosvet.screening.words import guarantee

__all__ = ["CalibrateRequest", "CalibrateResult", "Released", "Sensitivity", "current_model", "operating_point", "run"]

_SAME = 1e-4  # scores are kept with four digits


class CalibrateRequest(Frozen):
    """What to prove, and on which studies."""

    labels: Path = Field(description="CSV: id,abnormal and, where known, critical and patient.")
    scores: Path | None = Field(default=None, description="CSV: id,score; by default the archive's own scores.")
    max_missed: float = Field(gt=0, lt=1, description="Greatest share of abnormal studies released, 0..1.")
    max_missed_critical: float | None = Field(default=None, gt=0, lt=1, description="The same for critical studies.")
    confidence: float = Field(default=0.95, ge=0.5, lt=1, description="How sure that must be, 0.5..1.")
    prevalence: float | None = Field(default=None, gt=0, lt=1, description="Share of abnormal studies in the flow.")
    audit_limit: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Share missed among released studies above which the audit stops the line.",
    )
    distance_quantile: float = Field(default=0.99, gt=0.5, le=1, description="Share of known films within the limit.")
    policy: Policy = Field(default=Policy(), description="Which gates are loosened.")
    model: str | None = Field(default=None, max_length=200, description="NAME@REVISION that gave the scores.")
    unsure: UnsureChoice = Field(default=UnsureChoice(), description="Whether the line abstains when likely wrong.")


class Sensitivity(Frozen):
    """Share of abnormal cases that are not released: as observed, and what is proved (one-sided)."""

    value: float
    low: float


class Released(Frozen):
    """Of those released, the share that is abnormal at the prevalence that was stated: expected, and at most."""

    prevalence: float
    missed: float
    missed_high: float


class CalibrateResult(Frozen):
    """The operating point. A study is released when its score is **below** ``threshold``.

    Attributes
    ----------
    unit : str
        study, or patient where the labels name patients: then n and misses count patients.
    misses, sensitivity
        Of the abnormal cases of this set, at the threshold.
    cleared : Share
        Of the normal studies, those below the threshold.
    ties : int
        Studies whose score equals the threshold; they are not released.
    risks : tuple of Controlled
        Each promise: all abnormal cases first, then critical ones.
    audit_limit : float
        Share missed among *released* studies that the promise comes to: the audit is held against it.
    known, distance_limit
        Films of the set whose vectors are in the archive, and how far from them a film may lie; without a limit nothing
        can be released.
    differing : int
        Studies whose score in the table is not the archive's own.
    unsure : SetRule or None
        The rule by which the line abstains because it is unsure; all else then speaks of the studies that were not set
        aside for it, and a study that it keeps back is not released, whatever its score.
    """

    id: int
    site: str
    version: int
    model: str
    data_sha256: str
    threshold: float
    max_missed: float
    confidence: float
    unit: str
    n: int
    n_abnormal: int
    n_normal: int
    n_critical: int | None
    misses: int
    sensitivity: Sensitivity
    cleared: Share
    ties: int
    risks: tuple[Controlled, ...]
    needed: int
    best_target: float
    released: Released | None
    audit_limit: float
    known: int
    distance_limit: float | None
    differing: int
    policy: Policy
    curve: tuple[CurvePoint, ...]
    guarantee: str
    warnings: tuple[str, ...]
    unsure: SetRule | None = None


def run(request: CalibrateRequest, context: Context) -> CalibrateResult:
    """Calibrate, and keep the result as the site's next version. It comes into force when the line is opened on it.

    Raises
    ------
    TargetNotProvable
        When the sample is too small for the target; nothing is kept.
    Forbidden
        For whoever is not a senior.
    NotFound, MissingColumns, InvalidRecord, RecordsDiffer
        For tables that cannot be used.
    ScreeningError
        When the set has no normal study, a second target has no column ``critical``, or a rule is asked for and the
        part that is set aside is too small to learn from.
    """
    if not context.actor.may("senior"):
        raise Forbidden(role="senior")
    model = request.model or current_model(context)
    labels = read_labels(request.labels)
    with context.get(Store).read() as db:
        held = {one.id: one for one in studies(db, list(labels), model)}
    own = {name: one.worst.score for name, one in held.items() if one.worst and one.worst.score is not None}
    scores = read_scores(request.scores) if request.scores else own
    rows = cases(scores, labels, (request.scores.name if request.scores else text("screening.archive", context.lang),
                                  request.labels.name))  # fmt: skip
    used = _ruled(rows, held, request, context)
    risks = _risks(used.cases, request)
    if all(case.label.abnormal for case in used.cases):
        raise ScreeningError(reason="no_normals")
    threshold, proved = control(risks, request.confidence)
    differing = sum(abs(case.score - own[case.id]) > _SAME for case in rows if case.id in own)
    vectors = _known(rows, held, used.rule)
    kept = [one["vector"] for one in vectors if one["vector"] is not None]
    limit = known.limit_of(known.unpacked(kept), request.distance_quantile) if len(kept) >= known.LEAST else None
    facts = _facts(used.cases, request, threshold, proved, risks, context)
    facts |= {"known": len(kept), "distance_limit": limit, "differing": differing, "model": model,
              "data_sha256": data_hash(rows), "ties": sum(case.score == threshold for case in used.own),
              "unsure": _told(used, rows, threshold, request)}  # fmt: skip
    facts["warnings"] = _warnings(limit, differing, facts, context)
    return _kept(facts, vectors, request, context)


def current_model(context: Context) -> str:
    """NAME@REVISION of the model in force; an adapted one has a revision of its own."""
    card = card_in_force(context.settings)
    return f"{card.name}@{card.revision}"


@dataclass(frozen=True)
class _Ruled:
    """The cases on which the risk is controlled, with their own scores and with those that are controlled."""

    own: list[Case]
    cases: list[Case]
    back: NDArray[np.bool_]
    rule: Rule | None


def _ruled(rows: list[Case], held: dict[str, ArchivedStudy], request: CalibrateRequest, context: Context) -> _Ruled:
    if not request.unsure.share:
        return _Ruled(rows, rows, np.zeros(len(rows), dtype=np.bool_), None)
    point = operating_point(context)
    rule, own = make_rule(rows, held, request.unsure, point, request.max_missed)
    if rule is None:
        return _Ruled(own, own, np.zeros(len(own), dtype=np.bool_), None)
    return _Ruled(own, *ruled(own, held, rule), rule)


def _told(found: _Ruled, rows: list[Case], threshold: float, request: CalibrateRequest) -> SetRule | None:
    if not request.unsure.share:
        return None
    normals = np.array([case.score for case in rows if not case.label.abnormal])
    alone, _ = control(_risks(rows, request), request.confidence)
    without = cleared(normals, alone)
    return told(found.own, found.back, found.rule, threshold, len(rows) - len(found.own), without)


def operating_point(context: Context) -> float:
    """The score from which the settings' model calls a study abnormal."""
    card = card_in_force(context.settings)
    return float(card.operating_points[context.settings.operating_point][SCORE].threshold)


def _risks(rows: list[Case], request: CalibrateRequest) -> list[Risk]:
    sick = [case for case in rows if case.label.abnormal]
    unit = "patients" if _by_patient(rows) else "studies"
    risks = [Risk(f"abnormal_{unit}", _lowest(sick), request.max_missed)]
    if request.max_missed_critical is not None:
        if any(case.label.critical is None for case in rows):
            raise ScreeningError(reason="no_critical_column")
        urgent = [case for case in sick if case.label.critical]
        risks.append(Risk(f"critical_{unit}", _lowest(urgent), request.max_missed_critical))
    return risks


def _by_patient(rows: list[Case]) -> bool:
    return any(case.label.patient is not None for case in rows)


def _lowest(rows: list[Case]) -> Floats:
    """One score a unit: the study's, or the lowest of a patient's studies."""
    units: dict[str, float] = {}
    for case in rows:
        key = case.label.patient or case.id
        units[key] = min(case.score, units.get(key, np.inf))
    return np.array(list(units.values()), dtype=np.float64)


def _known(rows: list[Case], held: dict[str, ArchivedStudy], rule: Rule | None) -> list[dict[str, Any]]:
    """The studies of the set that the archive holds, as rows of the calibration.

    The score of a study that the rule keeps back is raised to the operating point: at no threshold is it a miss.
    """
    found = []
    if rule is not None:
        judged, back = ruled(rows, held, rule)
        rows = [after if kept else case for case, after, kept in zip(rows, judged, back, strict=True)]
    for case in rows:
        if case.id in held:
            worst = held[case.id].worst
            found.append({
                "study_id": case.id, "score": case.score, "abnormal": case.label.abnormal,
                "critical": case.label.critical, "vector": worst.vector if worst else None,
            })  # fmt: skip
    return found


def _facts(
    rows: list[Case], request: CalibrateRequest, threshold: float, proved: tuple[Controlled, ...], risks: list[Risk],
    context: Context,
) -> dict[str, Any]:  # fmt: skip
    normals = np.array([case.score for case in rows if not case.label.abnormal])
    people = {case.label.patient or case.id for case in rows if not case.label.abnormal}
    first, share = proved[0], cleared(normals, threshold, len(people))
    critical = [case for case in rows if case.label.critical is not None]
    return {
        "site": context.settings.site, "threshold": threshold,
        "max_missed": request.max_missed, "confidence": request.confidence,
        "unit": "patient" if _by_patient(rows) else "study", "n": len(rows), "n_abnormal": first.n,
        "n_normal": normals.size, "n_critical": sum(bool(c.label.critical) for c in critical) if critical else None,
        "misses": first.missed, "sensitivity": Sensitivity(value=1 - first.missed / first.n, low=1 - first.bound),
        "cleared": share, "risks": proved,
        "needed": needed(request.max_missed, request.confidence),
        "best_target": best_target(first.n, request.confidence),
        "released": _released(request.prevalence, first, share), "policy": request.policy,
        "audit_limit": request.audit_limit or _limit(request.prevalence or first.n / (first.n + len(people)), first,
                                                     share),
        "curve": curve(risks, normals, request.confidence),
        "guarantee": guarantee(proved, request.confidence, context.lang),
    }  # fmt: skip


def _released(prevalence: float | None, risk: Controlled, normals: Share) -> Released | None:
    """By Bayes' rule; at most: as many misses as are not ruled out, as few normals cleared as their interval allows."""
    if prevalence is None or normals.value is None or normals.low is None:
        return None

    missed = _among_released(prevalence, risk.missed / risk.n, normals.value)
    high = _among_released(prevalence, risk.bound, normals.low)
    return Released(prevalence=prevalence, missed=missed, missed_high=high)


def _limit(prevalence: float, risk: Controlled, normals: Share) -> float:
    """The share missed among released studies if just as many were missed as the promise allows."""
    return _among_released(prevalence, risk.max_missed, normals.value) if normals.value else risk.max_missed


def _among_released(prevalence: float, missed: float, clear: float) -> float:
    both = prevalence * missed + (1 - prevalence) * clear
    return prevalence * missed / both if both else 0.0


def _warnings(limit: float | None, differing: int, facts: dict[str, Any], context: Context) -> tuple[str, ...]:
    words = []
    if limit is None:
        words.append(text("screening.warnings.not_known", context.lang, least=known.LEAST))
    if differing:
        words.append(text("screening.warnings.differing", context.lang, n=differing))
    if not facts["cleared"].k:
        words.append(text("screening.warnings.nothing_cleared", context.lang))
    if facts["unsure"] is not None and facts["unsure"].rule is None:
        words.append(text("screening.warnings.no_rule", context.lang))
    if facts["ties"] > 1:
        words.append(text("screening.warnings.ties", context.lang, n=facts["ties"]))
    return tuple(words)


def _kept(
    facts: dict[str, Any], vectors: list[dict[str, Any]], request: CalibrateRequest, context: Context
) -> CalibrateResult:
    result = CalibrateResult(id=0, version=0, **facts)
    values = {
        "site": result.site, "created": now("millisecond"), "created_by": context.actor.name, "model": result.model,
        "data_sha256": result.data_sha256, "max_missed": result.max_missed, "confidence": result.confidence,
        "threshold": result.threshold, "distance_limit": result.distance_limit,
        "policy": request.policy.model_dump(mode="json"),
        "report": result.model_dump(mode="json", exclude={"id", "version", "guarantee", "warnings"}),
    }  # fmt: skip
    with context.get(Store).note() as db:
        number, version = keep(db, values, vectors)
        AuditLog.from_context(context).write(
            "screen_calibrate", site=result.site, calibration=number, data=result.data_sha256, model=result.model,
            threshold=result.threshold, max_missed=result.max_missed, confidence=result.confidence,
        )  # fmt: skip
    return result.model_copy(update={"id": number, "version": version})
