"""A check from beginning to end: observe what is new, compare, keep the outcomes, raise alarms, stop the line."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection, insert, select, update

from prosvet.archive.schema_monitor import Alarm, MonitorCheck
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import MonitoringError
from prosvet.core.types import Frozen, Moment
from prosvet.monitoring.alarms import listed, raise_alarms
from prosvet.monitoring.collect import collect
from prosvet.monitoring.compare import Comparer, Verdicts
from prosvet.monitoring.gate import halt
from prosvet.monitoring.late import add_late_facts
from prosvet.monitoring.references import present, sample_in
from prosvet.monitoring.rules import Rules
from prosvet.monitoring.sample import Sample
from prosvet.monitoring.windows import counted, newest, sample_of

__all__ = ["CheckView", "OutcomeView", "check", "checks_of"]

_LOADED = 4000  # studies of the stream, the last ones: enough for windows of days and for dating a change


class OutcomeView(Frozen):
    """One test of a check; ``ratio`` is the effect over the smallest that may raise an alarm."""

    stream: str
    variable: str
    window: int
    test: str
    p: float
    q: float
    effect: float
    measure: str
    ratio: float
    alarming: bool


class CheckView(Frozen):
    """A check. ``spent`` is its level: what it took of the year's false alarms; ``fresh`` studies were new.

    ``state`` is ``done``, or ``waiting`` where too few new studies have come since the last one: nothing was tested.
    """

    id: int | None
    state: str
    at: Moment
    fresh: int
    needed: int = 0
    spent: float = 0.0
    seconds: float = 0.0
    outcomes: tuple[OutcomeView, ...] = ()
    new_alarms: tuple[int, ...] = ()


def check(context: Context) -> CheckView:
    """Check the stream of the context's site against the reference that holds.

    Raises
    ------
    MonitoringError
        Without a reference, with another model than it was frozen with, or when two checks run at once.
    """
    collect(context)
    add_late_facts(context)
    store, site, begun = context.get(Store), context.settings.site, time.perf_counter()
    with store.read() as db:
        reference = present(db, site)
        if reference is None:
            raise MonitoringError(reason="no_reference", site=site)
        rules, before = Rules.model_validate(reference.rules), _last(db, reference)
        fresh, last = counted(db, site, after=max(before, reference.last))
        if fresh < rules.step:
            return CheckView(id=None, state="waiting", at=now("second"), fresh=fresh, needed=rules.step - fresh)
        comparer = Comparer(sample_in(db, reference, context), rules, reference.seed)
        current = sample_of(newest(db, site, after=reference.last, most=_LOADED))
    verdicts = comparer.check(current, fresh)
    taken = time.perf_counter() - begun
    with store.note() as db:
        if _last(db, reference) != before:
            raise MonitoringError(reason="checked_meanwhile")
        values = {"site": site, "reference_id": reference.id, "at": now("second"), "by": context.actor.name,
                  "last": last, "fresh": fresh, "spent": verdicts.level, "seconds": round(taken, 3),
                  "outcomes": [one.model_dump() for one in _outcomes(verdicts, rules)]}  # fmt: skip
        made = db.execute(insert(MonitorCheck).values(values)).inserted_primary_key
        number = int(made[0]) if made else 0
        alarms = _raise(db, context, reference, number, verdicts, current, comparer)
        AuditLog.from_context(context).write("monitor_check", check=number, fresh=fresh, alarms=len(alarms))
        row = db.execute(select(MonitorCheck.__table__).where(MonitorCheck.id == number)).one()
        return _view(row, tuple(alarms))


def _raise(
    db: Connection, context: Context, reference: Any, number: int, verdicts: Verdicts, current: Sample,
    comparer: Comparer,
) -> list[int]:  # fmt: skip
    """New alarms; those of a cause that the rules name stop the line in the same transaction."""
    made = raise_alarms(db, context, reference, number, verdicts.alarming, current, comparer)
    stops = set(Rules.model_validate(reference.rules).stops)
    found = listed(db, context.settings.site, context.actor, numbers=made) if made else ()
    stopping = [alarm for alarm in found if alarm.cause in stops]
    if stopping and halt(db, context, stopping):
        db.execute(update(Alarm).where(Alarm.id.in_([one.id for one in stopping])).values(stopped=True))
    return made


def _last(db: Connection, reference: Any) -> int:
    """Number of the last study that a check against this reference saw."""
    query = select(MonitorCheck.last).where(MonitorCheck.reference_id == reference.id).order_by(MonitorCheck.id.desc())
    return int(db.execute(query.limit(1)).scalar() or 0)


def _outcomes(verdicts: Verdicts, rules: Rules) -> list[OutcomeView]:
    made = []
    for one in verdicts.outcomes:
        shift, least = one.shift, rules.least(one.shift.measure)
        zero = 0.5 if shift.measure == "auroc" else 0.0
        ratio = max(shift.effect - zero, 0.0) / ((least - zero) or 1.0)
        made.append(
            OutcomeView(
                stream=one.stream,
                variable=one.variable,
                window=len(one.rows),
                test=shift.test,
                p=shift.p,
                q=one.q,
                effect=round(shift.effect, 5),
                measure=shift.measure,
                ratio=round(ratio, 4),
                alarming=one.alarming,
            )
        )
    return made


def checks_of(db: Connection, site: str, limit: int = 60) -> tuple[CheckView, ...]:
    """The last checks of a site, the oldest first."""
    query = select(MonitorCheck.__table__).where(MonitorCheck.site == site).order_by(MonitorCheck.id.desc())
    rows = db.execute(query.limit(limit)).all()[::-1]
    raised = select(Alarm.check_id, Alarm.id).where(Alarm.check_id.in_([row.id for row in rows]))
    alarms: dict[int, list[int]] = {}
    for number, alarm in db.execute(raised):
        alarms.setdefault(number, []).append(alarm)
    return tuple(_view(row, tuple(alarms.get(row.id, ()))) for row in rows)


def _view(row: Any, alarms: tuple[int, ...]) -> CheckView:
    outcomes = tuple(OutcomeView.model_validate(one) for one in row.outcomes)
    return CheckView(
        id=row.id, state="done", at=row.at, fresh=row.fresh, spent=row.spent, seconds=row.seconds, outcomes=outcomes,
        new_alarms=alarms,
    )  # fmt: skip
