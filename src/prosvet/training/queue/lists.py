"""The queue as a list, how far it is done, and what the films of chance say of the model's errors."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from prosvet.archive.blind import blind_studies
from prosvet.archive.owned import visible
from prosvet.archive.schema import Study
from prosvet.archive.schema_marks import Mark, MarkCase, MarkDraw, MarkReading
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.types import Frozen, Moment
from prosvet.training.queue.reasons import Why

__all__ = ["STATES", "CaseRow", "DrawView", "Progress", "QueuePage", "State", "page"]

State = Literal["waiting", "mine", "marked", "skipped", "all"]
STATES: tuple[State, ...] = ("waiting", "mine", "marked", "skipped", "all")


class CaseRow(Frozen):
    """A case in the list; ``why`` is empty where this reader would mark it blind."""

    case: int
    draw: int
    place: int
    study: str
    image: int
    blind: bool
    why: tuple[Why, ...]
    state: Literal["waiting", "mine", "taken", "marked", "skipped"]
    readers: tuple[str, ...]
    skipped: str | None


class Progress(Frozen):
    """Counts of cases. ``by_kind`` gives (marked, all) by chief reason; reasons that are read blind are one: blind."""

    total: int
    marked: int
    skipped: int
    waiting: int
    by_kind: dict[str, tuple[int, int]]


class DrawView(Frozen):
    """A filling of the queue."""

    id: int
    at: Moment
    by: str
    model: str
    seed: int
    eligible: int
    drawn: int
    random: int


class QueuePage(Frozen):
    """A page of the list, the counts of all, and the last draws, the newest first."""

    rows: tuple[CaseRow, ...]
    total: int
    progress: Progress
    draws: tuple[DrawView, ...]


def page(state: State, kind: str | None, limit: int, offset: int, context: Context) -> QueuePage:
    """Cases of a state, in the order in which they are to be marked.

    Parameters
    ----------
    kind : str, optional
        Only of this chief reason; ``blind`` for those that are read blind, whose reason is not told.
    """
    me = context.actor.name
    wanted = and_(visible(context.actor), _kind(kind), _state(state, me))
    query = select(MarkCase.__table__).join(Study, Study.id == MarkCase.study_id).where(wanted)
    ordered = query.order_by(MarkCase.draw_id.desc(), MarkCase.place).limit(limit).offset(offset)
    with context.get(Store).read() as db:
        total = db.execute(select(func.count()).select_from(query.subquery())).scalar_one()
        rows = _rows(db, db.execute(ordered).all(), context)
        progress = _progress(db, context)
        draws = db.execute(select(MarkDraw.__table__).order_by(MarkDraw.id.desc()).limit(5)).all()
    AuditLog.from_context(context).write("marks_list", state=state, cases=len(rows))
    views = (DrawView.model_validate({n: getattr(row, n) for n in DrawView.model_fields}) for row in draws)
    return QueuePage(rows=tuple(rows), total=total, progress=progress, draws=tuple(views))


def _marked() -> ColumnElement[bool]:
    return exists().where(Mark.image_id == MarkCase.image_id)


def _read(*how: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(MarkReading.case_id == MarkCase.id, *how)


def _kind(kind: str | None) -> ColumnElement[bool]:
    if kind is None:
        return MarkCase.id.is_not(None)
    return and_(MarkCase.blind) if kind == "blind" else and_(MarkCase.kind == kind, ~MarkCase.blind)


def _state(state: State, me: str) -> ColumnElement[bool]:
    open_ = MarkReading.finished.is_(None)
    mine = _read(open_, MarkReading.reader == me)
    skipped = _read(MarkReading.skipped.is_not(None), MarkReading.reader == me)
    return {
        "waiting": and_(~_marked(), ~skipped, or_(mine, ~_read(open_))),
        "mine": mine,
        "marked": _marked(),
        "skipped": and_(~_marked(), _read(MarkReading.skipped.is_not(None))),
        "all": MarkCase.id.is_not(None),
    }[state]


def _rows(db: Connection, cases: Any, context: Context) -> list[CaseRow]:
    me = context.actor.name
    ids, films = [row.id for row in cases], [row.image_id for row in cases]
    closed = blind_studies(db, context.actor)
    readings: dict[int, list[Any]] = {}
    for one in db.execute(select(MarkReading.__table__).where(MarkReading.case_id.in_(ids))):
        readings.setdefault(one.case_id, []).append(one)
    readers: dict[int, set[str]] = {}
    for image, reader in db.execute(select(Mark.image_id, Mark.reader).where(Mark.image_id.in_(films)).distinct()):
        readers.setdefault(image, set()).add(reader)
    made = []
    for row in cases:
        known, marked = readings.get(row.id, []), readers.get(row.image_id, set())
        hidden = row.study_id in closed or (row.blind and me not in marked)
        skipped = next((one.skipped for one in known if one.skipped), None)
        made.append(CaseRow(
            case=row.id, draw=row.draw_id, place=row.place, study=row.study_id, image=row.image_id, blind=hidden,
            why=() if hidden else tuple(Why.model_validate(one) for one in row.why),
            state=_stands(known, bool(marked), me), readers=tuple(sorted(marked)), skipped=skipped,
        ))  # fmt: skip
    return made


def _stands(readings: list[Any], marked: bool, me: str) -> Literal["waiting", "mine", "taken", "marked", "skipped"]:
    open_ = {one.reader for one in readings if one.finished is None}
    if me in open_:
        return "mine"
    if marked:
        return "marked"
    if open_:
        return "taken"
    return "skipped" if any(one.skipped for one in readings) else "waiting"


def _progress(db: Connection, context: Context) -> Progress:
    done, left = _marked().label("done"), _state("skipped", context.actor.name).label("left")
    query = select(MarkCase.kind, MarkCase.blind, done, left, func.count().label("n"))
    query = query.join(Study, Study.id == MarkCase.study_id).where(visible(context.actor))
    kinds: dict[str, tuple[int, int]] = {}
    marked = skipped = total = 0
    for row in db.execute(query.group_by(MarkCase.kind, MarkCase.blind, "done", "left")):
        name = "blind" if row.blind else row.kind
        before = kinds.get(name, (0, 0))
        kinds[name] = (before[0] + row.n * bool(row.done), before[1] + row.n)
        marked, skipped, total = marked + row.n * bool(row.done), skipped + row.n * bool(row.left), total + row.n
    return Progress(total=total, marked=marked, skipped=skipped, waiting=total - marked - skipped, by_kind=kinds)
