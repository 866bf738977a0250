"""What a person may see of a reading: their own part while it is open, all of it when both have signed."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from sqlalchemy import Row, select

from prosvet.archive.schema import Image, Patient, Study
from prosvet.archive.schema_work import Opinion, Protocol
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.types import Frozen, Moment
from prosvet.reading.double.desk import reading_row
from prosvet.reading.double.differences import Comparison, compare
from prosvet.reading.double.form import Opinions, from_row

__all__ = ["OpinionView", "ReadingView", "show"]

State = Literal["waiting", "disagreement", "done"]
Part = Literal["first", "second", "resolution"]
Step = Literal["begin", "read", "wait", "resolve", "look"]


class OpinionView(Frozen):
    """An opinion. ``reader`` is a person or ``model:NAME@REVISION``, whose operating point is ``point``."""

    part: Part
    reader: str
    point: str | None
    findings: Opinions
    comment: str
    signed: Moment | None

    @property
    def by_program(self) -> bool:
        """The program gave it."""
        return self.reader.startswith("model:")


class ReadingView(Frozen):
    """A double reading as one person sees it.

    Attributes
    ----------
    step : str
        What this person does next: ``begin``, ``read`` (their opinion is open), ``wait``, ``resolve``, ``look``.
    mine : OpinionView or None
        Their own opinion.
    opinions : tuple of OpinionView
        Empty while an opinion is missing: until then nobody is told another's.
    compared : tuple of Comparison
        Differences first; empty as long as `opinions` is.
    """

    study: str
    state: State
    step: Step
    second: Literal["person", "program"]
    sent: Moment
    sent_by: str
    finished: Moment | None
    sex: str | None
    age: float | None
    date: date | None
    images: tuple[int, ...]
    mine: OpinionView | None = None
    opinions: tuple[OpinionView, ...] = ()
    compared: tuple[Comparison, ...] = ()
    resolution: OpinionView | None = None

    @property
    def differences(self) -> tuple[Comparison, ...]:
        """What a third has to resolve."""
        return tuple(one for one in self.compared if one.differs)


def show(study: str, context: Context) -> ReadingView:
    """The reading of `study` for whoever asks.

    Raises
    ------
    NotFound
        When the study is not there for this person, or was not sent for double reading.
    """
    store, me = context.get(Store), context.actor.name
    ensure_visible(store, study, context.actor)
    people = select(Study.age, Study.date, Patient.sex).join(Patient, Patient.id == Study.patient_id)
    with store.read() as db:
        row = reading_row(db, study)
        person = db.execute(people.where(Study.id == study)).one()
        images = db.execute(select(Image.id).where(Image.study_id == study).order_by(Image.id)).scalars().all()
        rows = db.execute(select(Opinion.__table__).where(Opinion.study_id == study)).all()
        wrote = me in set(db.execute(select(Protocol.author).where(Protocol.study_id == study)).scalars())
    AuditLog.from_context(context).write("double_show", study=study)
    opinions = {one.part: _opinion(one) for one in rows}
    mine = next((one for one in opinions.values() if one.reader == me), None)
    view = ReadingView(
        study=study, state=row.state, step=_step(row.state, opinions, mine, wrote, context), second=row.second,
        sent=row.sent, sent_by=row.sent_by, finished=row.finished, sex=person.sex, age=person.age, date=person.date,
        images=tuple(images), mine=mine,
    )  # fmt: skip
    if row.state == "waiting":
        return view
    first, second = opinions["first"], opinions["second"]
    shown = {
        "opinions": (first, second),
        "compared": compare(first.findings, second.findings),
        "resolution": opinions.get("resolution"),
    }
    return view.model_copy(update=shown)


def _step(
    state: State, opinions: dict[Part, OpinionView], mine: OpinionView | None, wrote: bool, context: Context
) -> Step:
    if state == "waiting":
        if mine is not None:
            return "read" if mine.signed is None else "wait"
        return "wait" if wrote or {"first", "second"} <= set(opinions) else "begin"
    if state == "disagreement" and mine is None and context.actor.may("senior"):
        return "resolve"
    return "look"


def _opinion(row: Row[Any]) -> OpinionView:
    return OpinionView(
        part=row.part, reader=row.reader, point=row.point, findings=from_row(row.findings), comment=row.comment,
        signed=row.signed,
    )  # fmt: skip
