"""The capability worklist: what waits to be read, the urgent first; take a study, release it, find the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from prosvet.archive.schema import Finding, Image, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.archive.worklist import CLOSED, STATUSES, WorkStatus, ensure_listed, release, relist, take
from prosvet.archive.worklist_filter import WorkFilter, conditions
from prosvet.archive.worklist_page import Order, Sort, page_of
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, NotFound
from prosvet.core.types import Frozen, Moment, Probability, Side, Status

__all__ = ["WorkClaim", "WorkRow", "WorklistRequest", "WorklistResult", "run"]


class WorklistRequest(Frozen):
    """Which part of the list, or what to do with a study."""

    action: Literal["list", "next", "take", "release", "refresh"] = Field(
        default="list",
        description="list; next: the first new one that nobody else has; take or release a study; "
        "refresh: set every priority anew.",
    )
    filters: WorkFilter = Field(default=WorkFilter(), description="Which studies.")
    sort: Sort = Field(default="priority", description="Column to sort by.")
    down: bool = Field(default=True, description="Highest first.")
    limit: int = Field(default=50, ge=1, le=500, description="Rows of a page.")
    after: str | None = Field(default=None, max_length=1000, description="The page that follows this mark.")
    before: str | None = Field(default=None, max_length=1000, description="The page before this mark; end: the last.")
    study: str | None = Field(
        default=None, max_length=200, description="The study to take or release; for next, the one to pass over."
    )


class WorkClaim(Frozen):
    """Who says it: ``origin`` is manifest, report or model:NAME@REVISION."""

    origin: str
    status: Status
    probability: Probability | None = None
    side: Side | None = None


class WorkRow(Frozen):
    """A study in the list. ``priority`` 0 (routine) to 3 (critical); ``claims`` are those behind its ``reason``."""

    study: str
    priority: int
    reason: str | None
    claims: tuple[WorkClaim, ...]
    status: WorkStatus
    reader: str | None
    owner: str | None
    sex: str | None
    age: float | None
    date: date | None
    arrived: Moment
    source: str
    image: int | None
    images: int
    file: str | None


class WorklistResult(Frozen):
    """A page of the list.

    Attributes
    ----------
    total, first : int
        Rows that match, and how many of them stand before this page.
    counts : dict
        Rows by status under the same filters, the status apart.
    after, before : str or None
        Marks of the pages that follow and go before; None where there is none.
    changed : int
        Rows whose priority was set anew (``refresh``).
    """

    action: str
    total: int
    first: int
    rows: tuple[WorkRow, ...]
    counts: dict[str, int]
    after: str | None = None
    before: str | None = None
    changed: int = 0


def run(request: WorklistRequest, context: Context) -> WorklistResult:
    """List, find the next, take, release, or set priorities anew.

    Raises
    ------
    NotFound
        When the study is not there for whoever asks; for ``next``, when nothing unread is left.
    Taken
        When another reader has the study.
    Forbidden
        When a researcher takes a study.
    InvalidRequest
        When a mark is none of this list's.
    """
    store = context.get(Store)
    ensure_listed(store)
    if request.action == "refresh":
        changed = relist(store)
        return WorklistResult(action="refresh", total=0, first=0, rows=(), counts={}, changed=changed)
    if request.action in ("take", "release"):
        return _move(request, store, context)
    with store.read() as db:
        return _next(db, request, context) if request.action == "next" else _list(db, request, context)


def _list(db: Connection, request: WorklistRequest, context: Context) -> WorklistResult:
    counts = _counts(db, conditions(request.filters, context.actor, with_status=False))
    where = conditions(request.filters, context.actor)
    order = Order(request.sort, request.down)
    page = page_of(db, where, order, request.limit, after=request.after, before=request.before)
    return WorklistResult(
        action="list", total=_total(counts, request.filters.status), first=page.first, rows=_rows(db, page.studies),
        counts=counts, after=page.after, before=page.before,
    )  # fmt: skip


def _next(db: Connection, request: WorklistRequest, context: Context) -> WorklistResult:
    filters = request.filters.model_copy(update={"status": "new"})
    free = or_(WorkItem.reader.is_(None), WorkItem.reader == context.actor.name)
    where = [*conditions(filters, context.actor), free, WorkItem.study_id != (request.study or "")]
    page = page_of(db, where, Order(request.sort, request.down), 1)
    if not page.studies:
        raise NotFound(kind="unread", name="")
    return WorklistResult(action="next", total=1, first=0, rows=_rows(db, page.studies), counts={})


def _move(request: WorklistRequest, store: Store, context: Context) -> WorklistResult:
    study, actor = request.study or "", context.actor
    if not actor.may("reader"):
        raise Forbidden(role="reader")
    ensure_visible(store, study, actor)
    with store.note() as db:
        (take if request.action == "take" else release)(db, study, actor)
        AuditLog.from_context(context).write(request.action, study=study)
    with store.read() as db:
        return WorklistResult(action=request.action, total=1, first=0, rows=_rows(db, [study]), counts={})


def _counts(db: Connection, where: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    found = db.execute(select(WorkItem.status, func.count()).where(*where).group_by(WorkItem.status))
    known = {status: count for status, count in found}
    return {status: known.get(status, 0) for status in STATUSES}


def _total(counts: Mapping[str, int], status: str) -> int:
    if status == "open":
        return sum(count for name, count in counts.items() if name not in CLOSED)
    return sum(counts.values()) if status == "all" else counts[status]


def _rows(db: Connection, studies: Sequence[str]) -> tuple[WorkRow, ...]:
    """The rows of `studies`, in their order."""
    query = select(WorkItem, Study.source, Image.file).join(Study, Study.id == WorkItem.study_id)
    query = query.outerjoin(Image, Image.id == WorkItem.image_id).where(WorkItem.study_id.in_(studies))
    many = select(Image.study_id, func.count()).where(Image.study_id.in_(studies)).group_by(Image.study_id)
    images = {study: count for study, count in db.execute(many)}
    claims = _claims(db, studies)
    found = {row.study_id: row for row in db.execute(query)}
    return tuple(
        _row(found[study], images.get(study, 0), claims.get((study, found[study].reason), ()))
        for study in studies
        if study in found
    )


def _row(row: Any, images: int, claims: Sequence[WorkClaim]) -> WorkRow:
    return WorkRow(
        study=row.study_id, priority=row.priority, reason=row.reason, claims=tuple(claims), status=row.status,
        reader=row.reader, owner=row.owner, sex=row.sex, age=row.age, date=row.date, arrived=row.arrived,
        source=row.source, image=row.image_id, images=images, file=row.file,
    )  # fmt: skip


def _claims(db: Connection, studies: Sequence[str]) -> dict[tuple[str, str], list[WorkClaim]]:
    """Who says what of the finding that makes a study's priority; what is stated comes first."""
    said = select(
        Finding.study_id, Finding.concept, Finding.origin, Finding.status, Finding.probability, Finding.side
    ).join(WorkItem, and_(WorkItem.study_id == Finding.study_id, WorkItem.reason == Finding.concept))
    said = said.where(WorkItem.study_id.in_(studies), Finding.status.in_(("present", "uncertain")))
    claims: dict[tuple[str, str], list[WorkClaim]] = {}
    for row in db.execute(said.order_by(Finding.status, Finding.probability.desc(), Finding.id)):
        claim = WorkClaim(origin=row.origin, status=Status(row.status), probability=row.probability, side=row.side)
        known = claims.setdefault((row.study_id, row.concept), [])
        if claim.origin not in {other.origin for other in known}:
            known.append(claim)
    return claims
