"""The line: whether studies are released on their own, who said so, and on which calibration.

It is a row of the database, one a site, so that it outlives the process and binds every other one. A release reads it
inside its own write transaction (:func:`ensure_open`), which no stop can cut in two: either the stop comes first and
nothing is released, or the release was already written. A line that nobody has opened is stopped.
"""

from __future__ import annotations

import secrets
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from prosvet.archive.schema_screen import ScreenCalibration, ScreenEvent, ScreenLine
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, LineStopped, NotFound, ScreeningError
from prosvet.core.types import Frozen, Moment

__all__ = [
    "AUDIT_SHARE",
    "NEVER",
    "Event",
    "Line",
    "ensure_open",
    "events",
    "line",
    "open_line",
    "read",
    "stop",
    "stop_in",
]

AUDIT_SHARE = 0.1
"""Share of decided studies that a doctor reads blind, unless a senior says otherwise."""
NEVER = "never_opened"
"""The reason of a line that nobody has opened yet."""
_NOBODY = ("", "local")  # the owner of a computer without accounts has no name to answer with


class Line(Frozen):
    """The line as it stands; ``reason`` is why it was stopped, ``note`` what was written when it was opened."""

    site: str
    state: Literal["open", "stopped"]
    calibration: int | None = None
    audit_share: float = AUDIT_SHARE
    changed: Moment | None = None
    by: str = ""
    reason: str = NEVER
    note: str = ""


class Event(Frozen):
    """One turn of the line."""

    at: Moment
    event: Literal["open", "stop"]
    by: str
    reason: str
    note: str
    calibration: int | None


def read(db: Connection, site: str) -> Line:
    """The line of `site` as `db` sees it."""
    row = db.execute(select(ScreenLine.__table__).where(ScreenLine.site == site)).first()
    if row is None:
        return Line(site=site, state="stopped")
    return Line(
        site=site, state=row.state, calibration=row.calibration_id, audit_share=row.audit_share, changed=row.changed,
        by=row.changed_by, reason=row.reason, note=row.note,
    )  # fmt: skip


def line(context: Context, site: str | None = None) -> Line:
    """The line of `site`; of the settings' own when None."""
    with context.get(Store).read() as db:
        return read(db, site or context.settings.site)


def events(context: Context, site: str, limit: int = 20) -> tuple[Event, ...]:
    """The last turns of the line, the newest first."""
    table = ScreenEvent
    query = select(table.__table__).where(table.site == site).order_by(table.id.desc()).limit(limit)
    with context.get(Store).read() as db:
        return tuple(
            Event(at=row.at, event=row.event, by=row.by, reason=row.reason, note=row.note,
                  calibration=row.calibration_id)
            for row in db.execute(query)
        )  # fmt: skip


def ensure_open(db: Connection, site: str, calibration: int | None = None) -> Line:
    """The line, where it is open; `db` must be the transaction that releases (``Store.note()``).

    Parameters
    ----------
    calibration : int or None
        With it, also that this calibration is the one in force.

    Raises
    ------
    LineStopped
    """
    found = read(db, site)
    if found.state != "open" or found.calibration is None:
        raise LineStopped(site=site, reason=found.reason)
    if calibration is not None and found.calibration != calibration:
        raise LineStopped(site=site, reason="calibration_changed")
    return found


def stop(context: Context, site: str, reason: str, by: str) -> Line:
    """Stop the line of `site`. A line that stands keeps the reason it stands for; the new one is recorded.

    Parameters
    ----------
    reason : str
        A key under ``screening.stops`` in the locales, or a sentence.
    by : str
        Who stops it: a person's name, or the part of the program that does (``monitor``, ``audit``).
    """
    with context.get(Store).note() as db:
        return stop_in(db, context, site, reason, by)


def stop_in(db: Connection, context: Context, site: str, reason: str, by: str) -> Line:
    """:func:`stop` inside a transaction that is already there."""
    before = _row(db, site)
    if before.state == "open" or before.reason == NEVER:
        stopped = {"state": "stopped", "changed": now("millisecond"), "changed_by": by, "reason": reason, "note": ""}
        db.execute(update(ScreenLine).where(ScreenLine.site == site).values(stopped))
    _record(db, context, site, "stop", by, reason=reason, calibration=before.calibration)
    return read(db, site)


def open_line(
    context: Context, site: str, by: str, note: str, *, calibration: int | None = None,
    audit_share: float | None = None,
) -> Line:  # fmt: skip
    """Open the line of `site` on a calibration: the latest of the site, or the `calibration` of that id.

    Only a person opens it, who is a senior and gives a name and a reason; nothing in the program calls this on its own.

    Parameters
    ----------
    by : str
        The person's name. Where people sign in, it is the account's, whatever is given.
    note : str
        Why it may be open: what was looked at, what was mended.
    audit_share : float or None
        Share of decided studies for the blind audit, 0..1; as it was when None.

    Raises
    ------
    Forbidden
    ScreeningError
        Without a name or a note, or where the site has no calibration.
    NotFound
        When the site has no such calibration.
    """
    actor = context.actor
    if not actor.may("senior"):
        raise Forbidden(role="senior")
    name = (by if actor.name in _NOBODY else actor.name).strip()
    if name in _NOBODY:
        raise ScreeningError(reason="name_needed")
    if not note.strip():
        raise ScreeningError(reason="note_needed")
    with context.get(Store).note() as db:
        chosen = _calibration(db, site, calibration)
        before = _row(db, site)
        share = before.audit_share if audit_share is None else audit_share
        values = {"state": "open", "calibration_id": chosen, "audit_share": share, "changed": now("millisecond"),
                  "changed_by": name, "reason": "", "note": note.strip()}  # fmt: skip
        db.execute(update(ScreenLine).where(ScreenLine.site == site).values(values))
        _record(db, context, site, "open", name, note=note.strip(), calibration=chosen)
        return read(db, site)


def _calibration(db: Connection, site: str, wanted: int | None) -> int:
    table = ScreenCalibration
    query = select(table.id).where(table.site == site).order_by(table.version.desc()).limit(1)
    found = db.execute(query if wanted is None else query.where(table.id == wanted)).scalar()
    if found is None and wanted is not None:
        raise NotFound(kind="calibration", name=str(wanted))
    if found is None:
        raise ScreeningError(reason="no_calibration", site=site)
    return found


def _row(db: Connection, site: str) -> Line:
    """The line, with its row made where there is none."""
    if db.execute(select(ScreenLine.site).where(ScreenLine.site == site)).first() is None:
        fresh = {"site": site, "state": "stopped", "audit_share": AUDIT_SHARE, "secret": secrets.token_hex(32),
                 "changed": now("millisecond"), "changed_by": "", "reason": NEVER, "note": ""}  # fmt: skip
        db.execute(insert(ScreenLine).values(fresh))
    return read(db, site)


def _record(
    db: Connection, context: Context, site: str, event: str, by: str, *, calibration: int | None, reason: str = "",
    note: str = "",
) -> None:  # fmt: skip
    values = {"site": site, "at": now("millisecond"), "event": event, "by": by, "reason": reason, "note": note,
              "calibration_id": calibration}  # fmt: skip
    db.execute(insert(ScreenEvent).values(values))
    AuditLog.from_context(context).write(
        f"screen_{event}", site=site, person=by, reason=reason, note=note, calibration=calibration or 0
    )
