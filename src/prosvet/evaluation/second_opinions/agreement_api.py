"""The capability double-reading.agreement: by finding, over all finished pairs, how far two readers agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sqlalchemy import select

from prosvet.archive.schema import Study
from prosvet.archive.schema_work import DoubleReading, Opinion
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden
from prosvet.core.types import Frozen, Status
from prosvet.evaluation.proportions import proportion
from prosvet.evaluation.readers.agreement import cohen_kappa
from prosvet.evaluation.resampling import Interval, bootstrap
from prosvet.reading.double.form import FORM

__all__ = ["AgreementRequest", "AgreementResult", "FindingAgreement", "Share", "agreement_of", "run"]

Floats = NDArray[np.float64]
Reason = Literal["no_pairs", "one_answer", "no_interval"]

_CODES = {Status.ABSENT.value: 0.0, Status.UNCERTAIN.value: 1.0, Status.PRESENT.value: 2.0}
_LEAST = 10  # patients; percentiles of fewer say more of the draw than of the readers


class AgreementRequest(Frozen):
    """Which pairs: two people, or a person and the program."""

    second: Literal["person", "program"] = Field(default="person", description="Who gave the second opinion.")
    resamples: int = Field(default=1000, ge=100, le=100_000)
    seed: int = Field(default=0, ge=0)


class Share(Frozen):
    """A figure with its 95 % interval; None where it is undefined, and then `reason` says why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: Reason | None = None


class FindingAgreement(Frozen):
    """One finding over all pairs in which both assessed it.

    Attributes
    ----------
    n : int
        Such pairs.
    prevalence : Share
        How often it was called present, of the 2 n answers; no interval.
    percent : Share
        Share of pairs with the same answer of the three, Wilson's interval by patient.
    kappa : Share
        Cohen's kappa over absent, uncertain, present, unweighted; bootstrap by patient.
    """

    concept: str
    n: int
    prevalence: Share
    percent: Share
    kappa: Share


class AgreementResult(Frozen):
    """Findings in the order of the form, then others; ``pairs`` is how many readings are finished or compared."""

    second: Literal["person", "program"]
    pairs: int
    findings: tuple[FindingAgreement, ...]


def run(request: AgreementRequest, context: Context) -> AgreementResult:
    """Sum up the double readings in which both opinions are signed.

    A third's resolution changes nothing here: it is no reading.

    Raises
    ------
    Forbidden
        For whoever is not a reader.
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    pairs = _pairs(request.second, context)
    AuditLog.from_context(context).write("double_agreement", pairs=len(pairs))
    concepts = dict.fromkeys([*FORM, *(concept for _, first, second in pairs for concept in {*first, *second})])
    made = [_finding(concept, pairs, request) for concept in concepts]
    return AgreementResult(
        second=request.second, pairs=len(pairs), findings=tuple(one for one in made if one.n or one.concept in FORM)
    )


_Pair = tuple[str, dict[str, str], dict[str, str]]
"""Patient, and the statuses of both opinions by concept."""


def _pairs(second: str, context: Context) -> list[_Pair]:
    query = (
        select(DoubleReading.study_id, Study.patient_id, Opinion.part, Opinion.findings)
        .join(Opinion, Opinion.study_id == DoubleReading.study_id)
        .join(Study, Study.id == DoubleReading.study_id)
        .where(DoubleReading.state != "waiting", DoubleReading.second == second, visible(context.actor))
        .where(Opinion.part.in_(("first", "second")))
        .order_by(DoubleReading.study_id)
    )
    said: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    patients: dict[str, str] = {}
    with context.get(Store).read() as db:
        for study, patient, part, findings in db.execute(query):
            patients[study] = patient
            said[study][part] = {concept: finding["status"] for concept, finding in findings.items()}
    return [(patients[study], parts["first"], parts["second"]) for study, parts in said.items()]


def _finding(concept: str, pairs: Sequence[_Pair], request: AgreementRequest) -> FindingAgreement:
    rows = [
        (patient, _CODES[first[concept]], _CODES[second[concept]])
        for patient, first, second in pairs
        if first.get(concept) in _CODES and second.get(concept) in _CODES
    ]
    a, b = (np.array([row[k] for row in rows], dtype=np.float64) for k in (1, 2))
    return agreement_of(concept, a, b, [row[0] for row in rows], request.resamples, request.seed)


def agreement_of(
    concept: str, first: Floats, second: Floats, patients: Sequence[str], resamples: int = 1000, seed: int = 0
) -> FindingAgreement:
    """The figures of one finding.

    Parameters
    ----------
    first, second : ndarray, shape (n,)
        0 absent, 1 uncertain, 2 present.

    Examples
    --------
    >>> same = np.array([0.0, 0.0])
    >>> agreement_of("edema", same, same, ["a", "b"]).kappa.reason
    'one_answer'
    """
    n = len(first)
    if n == 0:
        empty = Share(reason="no_pairs")
        return FindingAgreement(concept=concept, n=0, prevalence=empty, percent=empty, kappa=empty)
    present = float((np.concatenate([first, second]) == _CODES["present"]).mean())
    percent = proportion((first == second).astype(np.float64), patients)
    return FindingAgreement(
        concept=concept,
        n=n,
        prevalence=Share(value=present),
        percent=Share(value=percent.value, low=percent.low, high=percent.high),
        kappa=_kappa(first, second, patients, resamples, seed),
    )


def _kappa(first: Floats, second: Floats, patients: Sequence[str], resamples: int, seed: int) -> Share:
    value = cohen_kappa(first, second)
    if not np.isfinite(value):
        return Share(reason="one_answer")
    if len(set(patients)) < _LEAST:
        return Share(value=value, reason="no_interval")
    drawn: Interval = bootstrap(cohen_kappa, [first, second], patients, resamples, seed)
    if not np.isfinite(drawn.low):
        return Share(value=value, reason="no_interval")
    return Share(value=value, low=drawn.low, high=drawn.high)
