"""The four queues: what waits for me, what waits for others, what a third has to resolve, what is finished."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, select

from prosvet.archive.schema import Image, Patient, Study
from prosvet.archive.schema_work import DoubleReading, Opinion, Protocol
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.types import Frozen
from prosvet.reading.double.differences import differing
from prosvet.reading.double.form import from_row

__all__ = ["QUEUES", "Queue", "QueueRow", "Queues", "queues"]

Queue = Literal["mine", "others", "disagreements", "finished"]
QUEUES: tuple[Queue, ...] = ("mine", "others", "disagreements", "finished")


class QueueRow(Frozen):
    """One study in a queue.

    Attributes
    ----------
    begun : bool
        This person has begun an opinion and not signed it.
    signed : int
        How many of the two opinions are signed.
    may_resolve : bool
        This person is a senior and not one of the two.
    differences : tuple of str
        Concepts; empty while an opinion is missing.
    """

    study: str
    image: int | None
    sex: str | None
    age: float | None
    date: date | None
    second: Literal["person", "program"]
    sent: datetime
    sent_by: str
    finished: datetime | None
    begun: bool
    signed: int
    may_resolve: bool
    differences: tuple[str, ...] = ()


class Queues(Frozen):
    """How many stand in each queue, and one page of one of them."""

    counts: dict[Queue, int]
    queue: Queue
    rows: tuple[QueueRow, ...]


def queues(queue: Queue, limit: int, offset: int, context: Context) -> Queues:
    """One page of a queue, oldest first (finished ones: latest first), and the size of all."""
    me = context.actor
    newest = DoubleReading.finished.desc() if queue == "finished" else DoubleReading.sent.asc()
    wanted = _rows(me).where(_in(queue, me)).order_by(newest, DoubleReading.study_id).limit(limit).offset(offset)
    with context.get(Store).read() as db:
        counts = {name: _count(db, name, me) for name in QUEUES}
        rows = db.execute(wanted).all()
        shown = [row.study_id for row in rows if row.state != "waiting"]
        differences = _differences(db, shown)
    return Queues(counts=counts, queue=queue, rows=tuple(_row(row, differences, me) for row in rows))


def _opinion(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Opinion.study_id == DoubleReading.study_id, *more)


def _count(db: Connection, queue: Queue, me: Actor) -> int:
    query = select(func.count()).select_from(DoubleReading).join(Study, Study.id == DoubleReading.study_id)
    return db.execute(query.where(visible(me), _in(queue, me))).scalar_one()


def _in(queue: Queue, me: Actor) -> ColumnElement[bool]:
    if queue in ("disagreements", "finished"):
        return DoubleReading.state == ("disagreement" if queue == "disagreements" else "done")
    wrote = exists().where(Protocol.study_id == DoubleReading.study_id, Protocol.author == me.name)
    parts = [_opinion(Opinion.part == part) for part in ("first", "second")]
    free = ~_opinion(Opinion.reader == me.name) & ~(parts[0] & parts[1]) & ~wrote
    mine = _opinion(Opinion.reader == me.name, Opinion.signed.is_(None)) | free
    return (DoubleReading.state == "waiting") & (mine if queue == "mine" else ~mine)


def _rows(me: Actor) -> Select[Any]:
    image = select(func.min(Image.id)).where(Image.study_id == DoubleReading.study_id).scalar_subquery()
    signed = (
        select(func.count())
        .where(Opinion.study_id == DoubleReading.study_id, Opinion.signed.is_not(None), Opinion.part != "resolution")
        .scalar_subquery()
    )
    return (
        select(DoubleReading.__table__, Study.age, Study.date, Patient.sex, image.label("image"),
               signed.label("signed"),
               _opinion(Opinion.reader == me.name, Opinion.signed.is_(None)).label("begun"),
               _opinion(Opinion.reader == me.name).label("took_part"))
        .join(Study, Study.id == DoubleReading.study_id)
        .join(Patient, Patient.id == Study.patient_id)
        .where(visible(me))
    )  # fmt: skip


def _differences(db: Connection, studies: Sequence[str]) -> dict[str, tuple[str, ...]]:
    query = select(Opinion.study_id, Opinion.part, Opinion.findings).where(Opinion.study_id.in_(studies))
    said: dict[str, dict[str, Any]] = {}
    for study, part, findings in db.execute(query):
        said.setdefault(study, {})[part] = from_row(findings)
    return {study: differing(parts["first"], parts["second"]) for study, parts in said.items()}


def _row(row: Row[Any], differences: dict[str, tuple[str, ...]], me: Actor) -> QueueRow:
    return QueueRow(
        study=row.study_id, image=row.image, sex=row.sex, age=row.age, date=row.date, second=row.second,
        sent=row.sent, sent_by=row.sent_by, finished=row.finished, begun=bool(row.begun), signed=row.signed,
        may_resolve=row.state == "disagreement" and me.may("senior") and not row.took_part,
        differences=differences.get(row.study_id, ()),
    )  # fmt: skip
