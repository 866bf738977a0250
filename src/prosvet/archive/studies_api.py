"""The capability studies: list what the archive holds, show one study, erase one with all that hangs on it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field
from sqlalchemy import func, select

from prosvet.archive.blind import ensure_open
from prosvet.archive.erase import erase
from prosvet.archive.files import FileStore
from prosvet.archive.filters import StudyFilter, matching
from prosvet.archive.rows import FindingRow, ReportRow, StudyRow
from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, NotFound
from prosvet.core.types import Frozen, Probability, Side, Status, View, Zone

__all__ = ["ReportView", "StudiesRequest", "StudiesResult", "StudyFinding", "StudyView", "run"]


class StudiesRequest(Frozen):
    """What to do, and with which studies."""

    action: Literal["list", "show", "erase"] = Field(default="list", description="list, show or erase.")
    study: str | None = Field(default=None, description="Id of the study to show or erase.")
    filters: StudyFilter = Field(default=StudyFilter(), description="Which studies to list.")
    limit: int = Field(default=50, ge=1, le=10_000, description="At most so many.")
    offset: int = Field(default=0, ge=0, description="Skip so many first.")


class StudyFinding(Frozen):
    """A claim with its origin: ``manifest``, ``report`` or ``model:NAME@REVISION``."""

    concept: str
    status: Status
    origin: str
    probability: Probability | None = None
    side: Side | None = None
    zone: Zone | None = None
    severity: str | None = None


class ReportView(Frozen):
    """A report's text."""

    id: int
    language: str
    indication: str
    findings: str
    impression: str
    labels: tuple[str, ...]


class StudyView(Frozen):
    """A study. ``files`` are original names; ``concepts`` are those that some origin says are present.

    ``findings`` and ``texts`` come with ``show`` only.
    """

    id: str
    files: tuple[str, ...]
    patient: str
    sex: str | None
    age: float | None
    date: date | None
    source: str
    split: str | None
    description: str
    views: tuple[View, ...]
    images: int
    reports: int
    concepts: tuple[str, ...]
    findings: tuple[StudyFinding, ...] = ()
    texts: tuple[ReportView, ...] = ()


class StudiesResult(Frozen):
    """Studies in the order of their ids, and how many match in all. After ``erase``, the study that was."""

    action: str
    total: int
    studies: tuple[StudyView, ...]


def run(request: StudiesRequest, context: Context) -> StudiesResult:
    """List, show or erase.

    Every study that is shown and every one that is erased leaves a line in the audit log. A study that belongs to
    somebody else is neither listed nor counted; only an admin erases.

    Raises
    ------
    NotFound
        When `request.study` is missing, not in the archive, or somebody else's.
    Forbidden
    AlreadyRunning
        When another process is writing to this archive.
    """
    store, audit = context.get(Store), AuditLog.from_context(context)
    if request.action == "list":
        return _list(request, store, context.actor)
    if request.action == "erase" and not context.actor.may("admin"):
        raise Forbidden(role="admin")
    ensure_visible(store, request.study or "", context.actor)
    ensure_open(store, request.study or "", context.actor)
    view = _show(request.study or "", store)
    if request.action == "show":
        audit.write("show", study=view.id)
    else:
        erase(store, context.get(FileStore), audit, [view.id])
    return StudiesResult(action=request.action, total=1, studies=(view,))


def _list(request: StudiesRequest, store: Store, actor: Actor) -> StudiesResult:
    wanted = matching(request.filters, actor)
    with store.read() as db:
        total = db.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
        ids = db.execute(wanted.order_by(Study.id).limit(request.limit).offset(request.offset)).scalars().all()
    rows = store.lookup_studies(ids)
    return StudiesResult(action="list", total=total, studies=tuple(_view(row) for row in rows.values()))


def _show(study: str, store: Store) -> StudyView:
    row = store.lookup_studies([study]).get(study)
    if row is None:
        raise NotFound(kind="study", name=study)
    texts = store.lookup_reports(row.reports)
    return _view(row).model_copy(
        update={
            "findings": tuple(_finding(finding) for finding in row.findings),
            "texts": tuple(_report(texts[number]) for number in row.reports if number in texts),
        }
    )


def _view(row: StudyRow) -> StudyView:
    present = {finding.concept for finding in row.findings if finding.status is Status.PRESENT}
    return StudyView(
        id=row.id, files=row.files, patient=row.patient, sex=row.sex, age=row.age, date=row.date, source=row.source,
        split=row.split, description=row.description, views=row.views, images=len(row.images),
        reports=len(row.reports), concepts=tuple(sorted(present)),
    )  # fmt: skip


def _finding(row: FindingRow) -> StudyFinding:
    return StudyFinding(
        concept=row.concept, status=row.status, origin=row.origin, probability=row.probability, side=row.side,
        zone=row.zone, severity=row.severity,
    )  # fmt: skip


def _report(row: ReportRow) -> ReportView:
    return ReportView(
        id=row.id, language=row.language, indication=row.indication, findings=row.findings_text,
        impression=row.impression, labels=row.labels,
    )  # fmt: skip
