"""Cohorts as they are looked at: their studies in rows, and several beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from sqlalchemy import select

from prosvet.archive.blind import blind_studies
from prosvet.archive.rows import FindingRow, StudyRow
from prosvet.archive.schema import Finding, Patient, Study
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.types import Status
from prosvet.search.cohorts.rows import study_ids
from prosvet.search.cohorts.shapes import CohortComparison, CohortMember, CohortView

__all__ = ["compared", "member_rows", "open_rows"]

_SHOWN = 12  # findings in a comparison
_CHUNK = 5000


def open_rows(store: Store, actor: Actor, studies: Sequence[str]) -> list[tuple[StudyRow, bool]]:
    """Rows of `studies`, each with whether its date is shifted; without findings where `actor` reads it blind."""
    rows = store.lookup_studies(studies)
    shifted: set[str] = set()
    with store.read() as db:
        blind = blind_studies(db, actor)
        for start in range(0, len(studies), _CHUNK):
            chunk = studies[start : start + _CHUNK]
            shifted.update(db.execute(select(Study.id).where(Study.id.in_(chunk), Study.date_shifted)).scalars())
    return [(_blinded(row) if row.id in blind else row, row.id in shifted) for row in rows.values()]


def _blinded(row: StudyRow) -> StudyRow:
    return replace(row, findings=(), reports=())


def member_rows(store: Store, actor: Actor, studies: Sequence[str]) -> tuple[CohortMember, ...]:
    """The studies as they are shown."""
    return tuple(
        CohortMember(
            study=row.id, sex=row.sex, age=row.age, date=row.date, date_shifted=shifted, source=row.source,
            files=row.files, images=row.images, reports=len(row.reports), concepts=_present(row.findings),
            said=_present(tuple(f for f in row.findings if not f.origin.startswith("model:"))),
        )
        for row, shifted in open_rows(store, actor, studies)
    )  # fmt: skip


def _present(findings: Sequence[FindingRow]) -> tuple[str, ...]:
    found = dict.fromkeys(f.concept for f in findings if f.status is Status.PRESENT)
    if len(found) > 1:
        found.pop("normal", None)  # "the heart is normal" beside a finding
    return tuple(found)


def compared(store: Store, actor: Actor, cohorts: Sequence[CohortView]) -> CohortComparison:
    """Sizes, what is shared, who is in them and what they have."""
    groups = [set(study_ids(store, actor, cohort.id)) for cohort in cohorts]
    everyone = sorted(set().union(*groups))
    people = _people(store, everyone)
    found = _findings(store, actor, everyone)
    counts = [Counter(c for study in group for c in found.get(study, ())) for group in groups]
    most = Counter[str]()
    for count in counts:
        most |= count
    return CohortComparison(
        cohorts=tuple(cohorts),
        shared=tuple(tuple(len(one & other) for other in groups) for one in groups),
        women=tuple(_women([people[study][0] for study in group]) for group in groups),
        median_age=tuple(_median([people[study][1] for study in group]) for group in groups),
        concepts={concept: tuple(count[concept] for count in counts) for concept, _ in most.most_common(_SHOWN)},
    )


def _people(store: Store, studies: Sequence[str]) -> dict[str, tuple[str | None, float | None]]:
    query = select(Study.id, Patient.sex, Study.age).join(Patient, Patient.id == Study.patient_id)
    found: dict[str, tuple[str | None, float | None]] = {}
    with store.read() as db:
        for start in range(0, len(studies), _CHUNK):
            for study, sex, age in db.execute(query.where(Study.id.in_(studies[start : start + _CHUNK]))):
                found[study] = (sex, age)
    return found


def _findings(store: Store, actor: Actor, studies: Sequence[str]) -> dict[str, set[str]]:
    query = select(Finding.study_id, Finding.concept).where(
        Finding.status == Status.PRESENT.value, Finding.concept.not_in(("normal", "abnormal"))
    )
    found: dict[str, set[str]] = {}
    with store.read() as db:
        blind = blind_studies(db, actor)
        for start in range(0, len(studies), _CHUNK):
            for study, concept in db.execute(query.where(Finding.study_id.in_(studies[start : start + _CHUNK]))):
                if study not in blind:
                    found.setdefault(study, set()).add(concept)
    return found


def _women(sexes: Sequence[str | None]) -> float | None:
    known = [sex for sex in sexes if sex is not None]
    return sum(sex == "F" for sex in known) / len(known) if known else None


def _median(ages: Sequence[float | None]) -> float | None:
    known = [age for age in ages if age is not None]
    return float(median(known)) if known else None
