"""Alarms: kept with what changed, by how much, since when and which studies show it; closed by a named person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, insert, select, update

from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_monitor import Alarm, AlarmStudy
from prosvet.archive.visible import visible
from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, MonitoringError, NotFound
from prosvet.core.types import Frozen, Moment
from prosvet.monitoring.compare import Comparer, Outcome
from prosvet.monitoring.influence import begun_at, shown
from prosvet.monitoring.sample import Sample
from prosvet.monitoring.variables import WATCHED

__all__ = ["AlarmView", "ShownStudy", "close", "listed", "name_of", "raise_alarms"]


class ShownStudy(Frozen):
    """A study that shows an alarm; ``influence`` is its share (0..1) of the window's excess over the reference."""

    study: str
    image: int | None
    influence: float


class AlarmView(Frozen):
    """An alarm. ``effect`` is in its ``measure``; ``stream`` is a device's name, empty for the whole site."""

    id: int
    at: Moment
    stream: str
    variable: str
    cause: str
    test: str
    p: float
    q: float
    effect: float
    measure: str
    window: int
    since: Moment
    before: dict[str, float]
    after: dict[str, float]
    stopped: bool
    closed: Moment | None
    closed_by: str | None
    note: str
    typical: tuple[ShownStudy, ...]
    odd: tuple[ShownStudy, ...]


def raise_alarms(
    db: Connection, context: Context, reference: Any, check: int, outcomes: Sequence[Outcome], current: Sample,
    comparer: Comparer,
) -> list[int]:  # fmt: skip
    """Keep the outcomes that no open alarm speaks of already; returns the numbers of the new alarms."""
    known = select(Alarm.stream, Alarm.variable).where(
        Alarm.reference_id == reference.id, Alarm.closed.is_(None)
    )  # fmt: skip
    open_ones = {(stream, variable) for stream, variable in db.execute(known)}
    made = []
    for one in outcomes:
        if (one.stream, one.variable) in open_ones:
            continue
        number = _keep(db, context.settings.site, reference, check, one, current, comparer)
        AuditLog.from_context(context).write(
            "monitor_alarm", alarm=number, variable=one.variable, effect=round(one.shift.effect, 4), p=one.shift.p
        )
        made.append(number)
    return made


def _keep(
    db: Connection, site: str, reference: Any, check: int, one: Outcome, current: Sample, comparer: Comparer
) -> int:
    shift = one.shift
    values = {
        "site": site, "reference_id": reference.id, "check_id": check, "at": now("second"), "stream": one.stream,
        "variable": one.variable, "cause": WATCHED[one.variable][1], "test": shift.test, "p": shift.p, "q": one.q,
        "effect": shift.effect, "measure": shift.measure, "window": len(one.rows),
        "since": _since(one, current, comparer),
        "before": shift.before, "after": shift.after, "stopped": False, "note": "",
    }  # fmt: skip
    made = db.execute(insert(Alarm).values(values)).inserted_primary_key
    number = int(made[0]) if made else 0
    rows = []
    for kind, studies in zip(("typical", "odd"), shown(shift.scores, shift.baseline), strict=True):
        for place, study in enumerate(studies):
            name = str(current.ids[one.rows[study.row]])
            rows.append(
                {"alarm_id": number, "study_id": name, "kind": kind, "place": place, "influence": study.influence}
            )
    if rows:
        db.execute(insert(AlarmStudy), rows)
    return number


def _since(one: Outcome, current: Sample, comparer: Comparer) -> datetime:
    """When the study arrived that the change began with, over all of the stream that was loaded."""
    rows = np.arange(len(current))
    if one.stream:
        rows = np.flatnonzero(current.categories["device"] == one.stream)
    whole = comparer.shift_of(one.stream, one.variable, current.take(rows))
    shift, rows = (one.shift, one.rows) if whole is None else (whole, rows)
    moment: datetime = current.at[rows[begun_at(shift.scores, shift.baseline)]].astype("datetime64[s]").item()
    return moment


def listed(db: Connection, site: str, actor: Actor, *, only_open: bool = False, limit: int = 100,
           since: datetime | None = None, numbers: Sequence[int] | None = None) -> tuple[AlarmView, ...]:  # fmt: skip
    """Alarms, the newest first and of one check the surest first, with the studies that `actor` may see."""
    query = select(Alarm.__table__).where(Alarm.site == site)
    if only_open:
        query = query.where(Alarm.closed.is_(None))
    if since is not None:
        query = query.where(Alarm.at >= since)
    if numbers is not None:
        query = query.where(Alarm.id.in_(numbers))
    rows = db.execute(query.order_by(Alarm.check_id.desc(), Alarm.p, Alarm.id).limit(limit)).all()
    shows = _studies(db, [row.id for row in rows], actor)
    return tuple(_view(row, shows) for row in rows)


def _studies(db: Connection, alarms: Sequence[int], actor: Actor) -> dict[tuple[int, str], list[ShownStudy]]:
    film = select(Image.study_id, func.min(Image.id).label("id")).group_by(Image.study_id).subquery()
    query = (
        select(AlarmStudy.__table__, film.c.id.label("image_id"))
        .join(Study, Study.id == AlarmStudy.study_id)
        .outerjoin(film, film.c.study_id == Study.id)
        .where(AlarmStudy.alarm_id.in_(alarms), visible(actor))
        .order_by(AlarmStudy.place)
    )
    found: dict[tuple[int, str], list[ShownStudy]] = {}
    for row in db.execute(query):
        one = ShownStudy(study=row.study_id, image=row.image_id, influence=round(row.influence, 4))
        found.setdefault((row.alarm_id, row.kind), []).append(one)
    return found


def _view(row: Any, shows: dict[tuple[int, str], list[ShownStudy]]) -> AlarmView:
    fields = {name: getattr(row, name) for name in AlarmView.model_fields if name not in ("typical", "odd")}
    return AlarmView(
        **fields, typical=tuple(shows.get((row.id, "typical"), ())), odd=tuple(shows.get((row.id, "odd"), ()))
    )  # fmt: skip


def name_of(by: str, actor: Actor) -> str:
    """The person who answers for it: the account's name, or the one given where nobody signs in.

    Raises
    ------
    Forbidden
        For anyone below a senior.
    MonitoringError
        Without a name.
    """
    if not actor.may("senior"):
        raise Forbidden(role="senior")
    name = (by if actor.name in ("", "local") else actor.name).strip()
    if name in ("", "local", "monitor"):
        raise MonitoringError(reason="name_needed")
    return name


def close(db: Connection, context: Context, by: str, note: str, alarm: int | None = None) -> int:
    """Close `alarm`, or every open one, with a note; returns how many. If the change is still there, it is raised anew.

    Raises
    ------
    Forbidden, MonitoringError
    NotFound
        When there is no such open alarm.
    """
    name = name_of(by, context.actor)
    if not note.strip():
        raise MonitoringError(reason="note_needed")
    where = [Alarm.site == context.settings.site, Alarm.closed.is_(None)]
    if alarm is not None:
        where.append(Alarm.id == alarm)
    found = db.execute(select(Alarm.id).where(*where)).scalars().all()
    if alarm is not None and not found:
        raise NotFound(kind="alarm", name=str(alarm))
    db.execute(update(Alarm).where(*where).values(closed=now("second"), closed_by=name, note=note.strip()))
    for number in found:
        AuditLog.from_context(context).write("monitor_close", alarm=number, person=name)
    return len(found)
