"""One case before one reader: taken, shown, left out with a reason. A blind one stays closed until it is marked."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, exists, insert, or_, select, update

from prosvet.archive.blind import blind_studies
from prosvet.archive.owned import visible
from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_marks import Mark, MarkCase, MarkReading
from prosvet.archive.schema_screen import ScreenAudit
from prosvet.archive.schema_work import Opinion, Protocol
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import MarkError, NotFound
from prosvet.core.types import Finding, Frozen, Status
from prosvet.models.examine import Examiner
from prosvet.reading.scored import findings_of
from prosvet.reading.stored import stored_image
from prosvet.training.queue.marks import record_of
from prosvet.training.queue.reasons import Why
from prosvet.training.queue.shapes import MarkRecord

__all__ = ["CaseView", "begin", "next_case", "skip", "view"]


class CaseView(Frozen):
    """A case as this reader may see it.

    Attributes
    ----------
    blind : bool
        The reader marks it blind: ``why``, ``answer`` and ``others`` are empty until they have.
    mine : MarkRecord or None
        This reader's mark in force.
    answer : dict of concept to Finding
        What the model says, of what it claims or is unsure of.
    others : tuple of MarkRecord
        Other readers' marks in force; shown once this reader has a mark of their own.
    history : tuple of MarkRecord
        Earlier versions of this reader's mark.
    """

    case: int
    study: str
    image: int
    rows: int
    cols: int
    blind: bool
    begun: bool
    skipped: str | None
    why: tuple[Why, ...]
    mine: MarkRecord | None
    history: tuple[MarkRecord, ...]
    answer: dict[str, Finding]
    others: tuple[MarkRecord, ...]


def begin(case: int, context: Context) -> None:
    """Take a case; one that is an audit is blind for whoever has not seen the model's answer before.

    Raises
    ------
    NotFound
    """
    with context.get(Store).note() as db:
        row, me = _case(db, case, context), context.actor.name
        mine = select(MarkReading.finished).where(MarkReading.case_id == case, MarkReading.reader == me)
        if db.execute(mine).first() is not None:
            return
        blind = bool(row.blind) and not _has_seen(db, row, me)
        db.execute(insert(MarkReading).values(
            case_id=case, reader=me, study_id=row.study_id, blind=blind, begun=now(), finished=None, skipped=None
        ))  # fmt: skip
        AuditLog.from_context(context).write("mark_begin", study=row.study_id, case=case, blind=blind)


def next_case(context: Context, *, after: int | None = None) -> int | None:
    """The case that this reader should mark now: the one they have open, else the first that nobody has or had.

    Parameters
    ----------
    after : int, optional
        Not this one.
    """
    me = context.actor.name
    reads, marks = MarkReading.case_id == MarkCase.id, Mark.image_id == MarkCase.image_id
    open_mine = exists().where(reads, MarkReading.reader == me, MarkReading.finished.is_(None))
    taken = exists().where(reads, or_(MarkReading.reader == me, MarkReading.finished.is_(None)))
    free = ~taken & ~exists().where(marks)
    query = (
        select(MarkCase.id)
        .join(Study, Study.id == MarkCase.study_id)
        .where(visible(context.actor), or_(open_mine, free), MarkCase.id != (after or 0))
        .order_by(open_mine.desc(), MarkCase.draw_id.desc(), MarkCase.place)
        .limit(1)
    )
    with context.get(Store).read() as db:
        return db.execute(query).scalar_one_or_none()


def skip(case: int, reason: str, context: Context) -> None:
    """Leave a case unmarked, with a reason; it may be taken up again, by this reader or another.

    Raises
    ------
    NotFound
    MarkError
        Without a reason, or when this reader has not begun it or has finished it.
    """
    why = reason.strip()
    if not why:
        raise MarkError(reason="skip_reason")
    with context.get(Store).note() as db:
        row = _case(db, case, context)
        mine = (MarkReading.case_id == case, MarkReading.reader == context.actor.name)
        reading = db.execute(select(MarkReading.finished).where(*mine)).first()
        if reading is None or reading.finished is not None:
            raise MarkError(reason="not_begun" if reading is None else "finished", case=case)
        db.execute(update(MarkReading).where(*mine).values(finished=now(), skipped=why))
        AuditLog.from_context(context).write("mark_skip", study=row.study_id, case=case)


def view(case: int, context: Context) -> CaseView:
    """Show a case.

    Raises
    ------
    NotFound
    """
    me = context.actor.name
    with context.get(Store).read() as db:
        row = _case(db, case, context)
        mine = (MarkReading.case_id == case, MarkReading.reader == me)
        reading = db.execute(select(MarkReading.__table__).where(*mine)).first()
        marks = db.execute(
            select(Mark.__table__).where(Mark.image_id == row.image_id).order_by(Mark.reader, Mark.version)
        ).all()  # fmt: skip
        own = [record_of(mark) for mark in marks if mark.reader == me]
        # Before it is begun nobody knows whether it will be blind for them; then it is closed as well.
        closed = row.study_id in blind_studies(db, context.actor) or (bool(row.blind) and reading is None and not own)
        others = {mark.reader: record_of(mark) for mark in marks if mark.reader != me} if own and not closed else {}
    film = stored_image(row.image_id, context)
    AuditLog.from_context(context).write("mark_show", study=row.study_id, image=row.image_id, case=case)
    return CaseView(
        case=case, study=row.study_id, image=row.image_id, rows=film.rows, cols=film.cols, blind=closed,
        begun=reading is not None, skipped=reading.skipped if reading is not None else None,
        why=() if closed else tuple(Why.model_validate(one) for one in row.why),
        mine=own[-1] if own else None, history=tuple(own[:-1]),
        answer={} if closed else _answer(row.scores, context), others=tuple(others.values()),
    )  # fmt: skip


def _case(db: Connection, case: int, context: Context) -> Row[Any]:
    query = (
        select(MarkCase.__table__, Image.scores)
        .join(Study, Study.id == MarkCase.study_id)
        .join(Image, Image.id == MarkCase.image_id)
        .where(MarkCase.id == case, visible(context.actor))
    )
    row = db.execute(query).first()
    if row is None:
        raise NotFound(kind="mark case", name=str(case))
    return row


def _has_seen(db: Connection, row: Row[Any], reader: str) -> bool:
    """They wrote the protocol, signed an opinion, judged the audit or marked the film: the answer was before them."""
    study = row.study_id
    ways = (
        exists().where(Protocol.study_id == study, Protocol.author == reader),
        exists().where(Opinion.study_id == study, Opinion.reader == reader, Opinion.signed.is_not(None)),
        exists().where(ScreenAudit.study_id == study, ScreenAudit.reader == reader, ScreenAudit.verdict.is_not(None)),
        exists().where(Mark.image_id == row.image_id, Mark.reader == reader),
    )
    return bool(db.execute(select(or_(*ways))).scalar())


def _answer(scores: dict[str, float], context: Context) -> dict[str, Finding]:
    examiner = context.get(Examiner)
    found = findings_of(scores, examiner.card, examiner.ref.operating_point)
    said = [one for one in found.values() if one.status in (Status.PRESENT, Status.UNCERTAIN)]
    return {one.concept: one for one in sorted(said, key=lambda one: -(one.probability or 0.0))}
