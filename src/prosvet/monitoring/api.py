"""The capability monitor: freeze a reference, check, look at alarms, stop the line, open it, report a week."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from prosvet.archive.store import Store
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, MonitoringError
from prosvet.core.types import Frozen, Moment
from prosvet.monitoring.alarms import AlarmView, close, listed
from prosvet.monitoring.checks import CheckView, check, checks_of
from prosvet.monitoring.collect import collect
from prosvet.monitoring.figures import DayFlow, Drift, Totals, drift_by_cause, flow, totals
from prosvet.monitoring.gate import reopen, stop_by_hand
from prosvet.monitoring.late import add_late_facts
from prosvet.monitoring.references import ReferenceView, freeze, present, view_of
from prosvet.monitoring.rules import Rules
from prosvet.screening.line import Line, line

__all__ = ["MonitorRequest", "MonitorResult", "run"]

Action = Literal["show", "reference", "check", "report", "close", "stop", "open"]


class MonitorRequest(Frozen):
    """What to do."""

    action: Action = Field(default="show", description="show, reference, check, report, close, stop or open.")
    name: str = Field(default="", max_length=80, description="Name of the reference to freeze.")
    studies: int = Field(default=1000, ge=200, le=20_000, description="Studies of the reference, the last ones.")
    rules: Rules = Field(default=Rules(), description="The numbers that checks against the reference go by.")
    seed: int = Field(default=0, ge=0, le=2**31, description="Of the tables that tests draw.")
    days: int = Field(default=7, ge=1, le=366, description="Days of the report, or of the charts.")
    alarm: int | None = Field(default=None, ge=1, description="The alarm to close.")
    by: str = Field(default="", max_length=80, description="Who opens or closes, where nobody signs in.")
    note: str = Field(default="", max_length=2000, description="Why: what was looked at, what was mended.")


class MonitorResult(Frozen):
    """How things stand after the action; lists are the newest first, except checks and days.

    Attributes
    ----------
    check : CheckView or None
        The check that was made.
    alarms : tuple of AlarmView
        After ``check`` the new ones; after ``report`` those of its days; else the last hundred.
    drift : tuple of Drift
        By check.
    spent : float
        False alarms to be expected of the checks of the last 365 days; at most the rules' number.
    closed : int
        Alarms that were closed by this action.
    """

    action: Action
    site: str
    at: Moment
    line: Line
    reference: ReferenceView | None
    totals: Totals
    check: CheckView | None = None
    checks: tuple[CheckView, ...] = ()
    alarms: tuple[AlarmView, ...] = ()
    days: tuple[DayFlow, ...] = ()
    drift: tuple[Drift, ...] = ()
    spent: float = 0.0
    closed: int = 0


def run(request: MonitorRequest, context: Context) -> MonitorResult:
    """Do it, and tell how things stand.

    Raises
    ------
    Forbidden
        A researcher changes nothing; references, closing and opening are a senior's.
    MonitoringError
        Too few studies, no reference, another model, no name or note where one is needed.
    ScreeningError
        When the line cannot be opened.
    NotFound
        When there is no such open alarm.
    """
    if request.action == "reference":
        _reference(request, context)
    elif request.action == "check":
        _ensure(context, "reader")
        made = check(context)
        return _stand(request, context, made=made)
    elif request.action == "close":
        if request.alarm is None:
            raise MonitoringError(reason="alarm_needed")
        with context.get(Store).note() as db:
            close(db, context, request.by, request.note, request.alarm)
        return _stand(request, context, closed=1)
    elif request.action == "stop":
        if not request.note.strip():
            raise MonitoringError(reason="note_needed")
        stop_by_hand(context, request.note.strip())
    elif request.action == "open":
        _, closed = reopen(context, request.by, request.note)
        return _stand(request, context, closed=closed)
    return _stand(request, context)


def _ensure(context: Context, role: Literal["reader", "senior"]) -> None:
    if not context.actor.may(role):
        raise Forbidden(role=role)


def _reference(request: MonitorRequest, context: Context) -> None:
    _ensure(context, "senior")
    if not request.name.strip():
        raise MonitoringError(reason="reference_name_needed")
    collect(context)
    add_late_facts(context)
    freeze(request.name.strip(), request.studies, request.rules, request.seed, context)


def _stand(
    request: MonitorRequest, context: Context, *, made: CheckView | None = None, closed: int = 0
) -> MonitorResult:  # fmt: skip
    site, moment = context.settings.site, now("second")
    since = moment - timedelta(days=request.days) if request.action == "report" else None
    days = request.days if request.action == "report" else max(request.days, 30)
    with context.get(Store).read() as db:
        held = present(db, site)
        checks = checks_of(db, site, limit=400)
        only = made.new_alarms if made is not None else None
        alarms = listed(db, site, context.actor, since=since, numbers=only)
        shown = tuple(one for one in checks if since is None or one.at >= since)
        return MonitorResult(
            action=request.action, site=site, at=moment, line=line(context, site),
            reference=None if held is None else view_of(db, held), totals=totals(db, site), check=made,
            checks=shown[-60:], alarms=alarms, days=flow(db, site, days), drift=drift_by_cause(shown[-60:]),
            spent=round(sum(one.spent for one in checks if one.at >= moment - timedelta(days=365)), 6), closed=closed,
        )  # fmt: skip
