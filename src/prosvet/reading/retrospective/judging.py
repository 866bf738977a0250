"""A senior looks at one disagreement, with the sentence that stands against it, and says who was right."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from prosvet.archive.blind import ensure_open
from prosvet.archive.schema import Finding, Report
from prosvet.archive.schema_work import Protocol, RetrospectiveRow
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.types import Frozen, Status
from prosvet.language.labels import report_labels
from prosvet.reading.retrospective.claims import Source
from prosvet.reading.retrospective.lists import RowView, Verdict, row_of, selected

__all__ = ["Mark", "RecordText", "RowDetail", "detail", "judge"]


class Mark(Frozen):
    """The sentence of a text that speaks of a finding: characters from `start` up to `end`."""

    start: int
    end: int
    concept: str
    status: Status


class RecordText(Frozen):
    """A text on record, and the sentences in question, in their order, none within another."""

    source: Source
    number: int
    text: str
    marks: tuple[Mark, ...]


class RowDetail(Frozen):
    """A row with the texts and labels that it is about, and the study that comes after it in the list.

    ``labels`` are the source's: those in question, and whatever it says is there.
    """

    row: RowView
    texts: tuple[RecordText, ...]
    labels: dict[str, Status]
    next: str | None


def detail(run: int, study: str, context: Context) -> RowDetail:
    """Everything that is needed to judge one row.

    Raises
    ------
    NotFound
    BlindReading
        When this person reads the study blind in a double reading.
    """
    store = context.get(Store)
    selected(run, context)
    ensure_visible(store, study, context.actor)
    ensure_open(store, study, context.actor)
    row = row_of(run, study, context)
    about = {one.by or one.concept for one in row.disagreements} | {one.concept for one in row.disagreements}
    with store.read() as db:
        texts, labels = _texts(db, study, about), _labels(db, study, about)
        following = _next(db, run, row)
    AuditLog.from_context(context).write("retrospective_show", study=study, run=run)
    return RowDetail(row=row, texts=texts, labels=labels, next=following)


def judge(run: int, study: str, verdict: Verdict, comment: str, context: Context) -> None:
    """Keep a verdict; a later one takes its place, and both are in the audit log.

    Raises
    ------
    NotFound
    BlindReading
    """
    store = context.get(Store)
    selected(run, context)
    ensure_visible(store, study, context.actor)
    ensure_open(store, study, context.actor)
    row_of(run, study, context)
    values = {"verdict": verdict, "comment": comment.strip(), "judged_by": context.actor.name, "judged": now()}
    with store.note() as db:
        mine = (RetrospectiveRow.run_id == run, RetrospectiveRow.study_id == study)
        db.execute(update(RetrospectiveRow).where(*mine).values(values))
        AuditLog.from_context(context).write("retrospective_judge", study=study, run=run, verdict=verdict)


def _next(db: Connection, run: int, row: RowView) -> str | None:
    """The first row without a verdict after this one."""
    table = RetrospectiveRow
    after = (table.rank < row.rank) | ((table.rank == row.rank) & (table.study_id > row.study))
    query = select(table.study_id).where(table.run_id == run, table.rank > 0, table.verdict.is_(None), after)
    return db.execute(query.order_by(table.rank.desc(), table.study_id).limit(1)).scalar()


def _texts(db: Connection, study: str, about: set[str]) -> tuple[RecordText, ...]:
    """The signed protocol with its addenda, or else the reports."""
    signed = select(Protocol.id, Protocol.kind, Protocol.text).where(
        Protocol.study_id == study, Protocol.state == "signed"
    )
    texts: list[tuple[Source, int, str]] = []
    for number, kind, text in db.execute(signed.order_by(Protocol.number)):
        texts = [*texts, ("protocol", number, text)] if kind == "addendum" else [("protocol", number, text)]
    if not texts:
        reports = select(Report.id, Report.findings, Report.impression).where(Report.study_id == study)
        texts = [
            ("report", number, "\n".join(part for part in (findings, impression) if part))
            for number, findings, impression in db.execute(reports.order_by(Report.id))
        ]
    return tuple(
        RecordText(source=source, number=number, text=text, marks=_marks(text, about))
        for source, number, text in texts
    )  # fmt: skip


def _labels(db: Connection, study: str, about: set[str]) -> dict[str, Status]:
    query = select(Finding.concept, Finding.status).where(Finding.study_id == study, Finding.origin == "manifest")
    return {
        concept: Status(status)
        for concept, status in db.execute(query.order_by(Finding.concept))
        if concept in about or status == Status.PRESENT.value
    }


def _marks(text: str, about: set[str]) -> tuple[Mark, ...]:
    found = [
        Mark(start=one.span[0], end=one.span[1], concept=one.concept, status=one.status)
        for one in report_labels(text, parents=True)
        if one.concept in about
    ]
    kept: list[Mark] = []
    for mark in sorted(found, key=lambda mark: (mark.start, -mark.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return tuple(kept)
