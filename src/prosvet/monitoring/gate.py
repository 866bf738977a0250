"""The gate between monitoring and the line of screening: alarms stop it, only a named senior opens it again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, MonitoringError
from prosvet.monitoring.alarms import AlarmView, close, name_of
from prosvet.screening import line as screening

__all__ = ["BY", "halt", "reopen", "stop_by_hand"]

BY = "monitor"
"""Who stops the line when an alarm does."""


def halt(db: Connection, context: Context, alarms: Sequence[AlarmView]) -> bool:
    """Stop the line for `alarms`, inside the transaction that keeps them; False where it stood already."""
    site = context.settings.site
    if screening.read(db, site).state != "open":
        return False
    screening.stop_in(db, context, site, "drift", BY)
    for alarm in alarms:
        AuditLog.from_context(context).write("monitor_stop", alarm=alarm.id, variable=alarm.variable)
    return True


def stop_by_hand(context: Context, reason: str) -> screening.Line:
    """Stop the line; any reader may, since a stop harms nobody.

    Raises
    ------
    Forbidden
        For a researcher.
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    return screening.stop(context, context.settings.site, reason, context.actor.name)


def reopen(context: Context, by: str, note: str) -> tuple[screening.Line, int]:
    """Open the line and close every open alarm, in a senior's name; returns the line and how many alarms were closed.

    The line is opened first: where it cannot be (no calibration), no alarm is closed.

    Raises
    ------
    Forbidden, MonitoringError, ScreeningError
    """
    name = name_of(by, context.actor)
    if not note.strip():
        raise MonitoringError(reason="note_needed")
    opened = screening.open_line(context, context.settings.site, name, note)
    with context.get(Store).note() as db:
        return opened, close(db, context, name, note)
