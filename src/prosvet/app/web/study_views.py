"""What the study page shows, as plain values: who says what of each finding, measurements, neighbours, the trail."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select, tuple_

from prosvet.archive.rows import FindingRow
from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.archive.worklist_filter import seen_by
from prosvet.core.clock import local
from prosvet.core.context import Context
from prosvet.core.types import Finding, Side, Status, Zone
from prosvet.models.card import Card
from prosvet.models.examine import Examiner
from prosvet.reading.protocols.content import Basis

__all__ = ["FindingView", "Groups", "Other", "Say", "findings_view", "neighbours", "others_of", "trail_of"]

_ORDER = (Status.PRESENT, Status.UNCERTAIN, Status.ABSENT, Status.NOT_ASSESSED)
_TRAIL_BYTES = 4_000_000  # the end of the log that is looked through
_TRAIL = 40


@dataclass(frozen=True)
class Say:
    """Who says what: ``who`` is model, report or manifest."""

    who: str
    status: Status
    side: Side | None = None
    zone: Zone | None = None
    probability: float | None = None


@dataclass(frozen=True)
class FindingView:
    """A row of findings: ``status`` is the strongest that anybody says, ``own`` what the model says.

    ``threshold`` and ``floor`` are the card's: from the one on the finding is told of, below the other it is denied.
    """

    concept: str
    status: Status
    own: Status
    probability: float | None
    side: Side | None
    zone: Zone | None
    placed: bool
    measured: bool
    threshold: float | None
    floor: float | None
    says: tuple[Say, ...]


@dataclass(frozen=True)
class Groups:
    """Rows by what is claimed: found or possible, not seen, not assessed."""

    claimed: tuple[FindingView, ...] = ()
    absent: tuple[FindingView, ...] = ()
    silent: tuple[FindingView, ...] = ()


@dataclass(frozen=True)
class Other:
    """Another study of the same patient."""

    id: str
    date: date | None
    age: float | None
    images: int
    image: int | None
    earlier: bool = field(default=False)


def findings_view(basis: Basis, claims: Iterable[FindingRow], context: Context) -> Groups:
    """The model's findings together with what reports and labels of the study say."""
    said: dict[str, list[Say]] = {}
    for row in claims:
        if not row.origin.startswith("model:"):  # what the model said when it came in stands in `basis` anew
            said.setdefault(row.concept, []).append(Say(row.origin, row.status, row.side, row.zone))
    own = {finding.concept: finding for finding in basis.findings or ()}
    card, point = context.get(Examiner).card, context.get(Examiner).ref.operating_point
    rows = [_row(concept, own.get(concept), said.get(concept, ()), card, point) for concept in {**own, **said}]
    rows.sort(key=lambda row: (_ORDER.index(row.status), _ORDER.index(row.own), -(row.probability or 0)))
    return Groups(
        tuple(row for row in rows if row.status in (Status.PRESENT, Status.UNCERTAIN)),
        tuple(row for row in rows if row.status is Status.ABSENT),
        tuple(row for row in rows if row.status is Status.NOT_ASSESSED),
    )


def _row(concept: str, own: Finding | None, said: Sequence[Say], card: Card, point: str) -> FindingView:
    mine = Finding(concept=concept, status=Status.NOT_ASSESSED) if own is None else own
    says = [Say("model", mine.status, mine.side, mine.zone, mine.probability)] if own is not None else []
    says += [one for n, one in enumerate(said) if one not in said[:n]]
    points = card.operating_points
    return FindingView(
        concept=concept,
        status=min((mine.status, *(one.status for one in said)), key=_ORDER.index),
        own=mine.status,
        probability=mine.probability,
        side=mine.side or next((one.side for one in said if one.side), None),
        zone=mine.zone or next((one.zone for one in said if one.zone), None),
        placed=any(evidence.kind == "map" for evidence in mine.evidence),
        measured=any(evidence.kind == "measurement" for evidence in mine.evidence),
        threshold=points[point][concept].threshold if concept in points[point] else None,
        floor=points["sensitive"][concept].threshold if concept in points["sensitive"] else None,
        says=tuple(says),
    )


def others_of(study: str, patient: str, day: date | None, context: Context) -> tuple[Other, ...]:
    """The patient's other studies that may be seen, the latest first."""
    query = (
        select(Study.id, Study.date, Study.age, Image.id.label("image"))
        .join(Image, Image.study_id == Study.id, isouter=True)
        .where(Study.patient_id == patient, Study.id != study, visible(context.actor))
        .order_by(Study.date.desc(), Study.id, Image.id)
    )
    found: dict[str, list[int]] = {}
    facts: dict[str, tuple[date | None, float | None]] = {}
    with context.get(Store).read() as db:
        for row in db.execute(query):
            facts[row.id] = (row.date, row.age)
            found.setdefault(row.id, []).extend([row.image] if row.image is not None else [])
    return tuple(
        Other(key, when, age, len(found[key]), next(iter(found[key]), None), bool(day and when and when < day))
        for key, (when, age) in facts.items()
    )


def neighbours(study: str, context: Context) -> tuple[str | None, str | None]:
    """The studies before and after this one in the worklist's own order: the urgent first, then the newest."""
    key = WorkItem.priority, WorkItem.arrived, WorkItem.study_id
    with context.get(Store).read() as db:
        here = db.execute(select(*key).where(WorkItem.study_id == study)).first()
        if here is None:
            return None, None
        place = tuple_(*here)
        query = select(WorkItem.study_id).where(*seen_by(context.actor)).limit(1)
        before = query.where(tuple_(*key) > place).order_by(*(column.asc() for column in key))
        after = query.where(tuple_(*key) < place).order_by(*(column.desc() for column in key))
        return db.execute(before).scalar_one_or_none(), db.execute(after).scalar_one_or_none()


def trail_of(study: str, context: Context) -> tuple[dict[str, str | int | datetime], ...]:
    """The latest lines of the audit log on `study`; those of others for seniors only."""
    path = context.settings.home / "audit.jsonl"
    if not path.exists():
        return ()
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _TRAIL_BYTES))
        lines = stream.read().splitlines()
    found = []
    for line in reversed(lines):
        if study.encode() not in line:
            continue
        try:
            body = json.loads(line)
        except ValueError:
            continue  # the line that the window's edge has cut
        if study not in str(body.get("study", body.get("studies", ""))).split():
            continue
        if context.actor.may("senior") or body.get("by") == context.actor.name:
            found.append({"at": local(datetime.fromisoformat(body["at"])), "event": body["event"], "by": body["by"]})
        if len(found) == _TRAIL:
            break
    return tuple(found)
