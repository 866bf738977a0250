"""A reader's own opinion: begun, kept as a draft, signed. Nobody reads one study in two roles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, update

from prosvet.archive.schema_work import DoubleReading, Opinion, Protocol
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import DoubleReadingError, NotFound
from prosvet.core.types import Status
from prosvet.reading.double.differences import differing
from prosvet.reading.double.form import OpinionFinding, filled, from_row, known, to_row
from prosvet.reading.double.status import set_status, settled

__all__ = ["begin", "reading_row", "save", "sign"]

Findings = Mapping[str, OpinionFinding]


def reading_row(db: Connection, study: str) -> Row[Any]:
    """The study's row of double readings.

    Raises
    ------
    NotFound
    """
    row = db.execute(select(DoubleReading.__table__).where(DoubleReading.study_id == study)).first()
    if row is None:
        raise NotFound(kind="double reading", name=study)
    return row


def begin(study: str, context: Context) -> None:
    """Take the next free part of a reading; from here until signing, the reader is blind to all else.

    Raises
    ------
    NotFound
    DoubleReadingError
        When both parts are taken, or this person wrote the study's protocol and has seen what the model found.
    """
    store, me = context.get(Store), context.actor.name
    ensure_visible(store, study, context.actor)
    with store.note() as db:
        row = reading_row(db, study)
        parts = dict(db.execute(select(Opinion.part, Opinion.reader).where(Opinion.study_id == study)).all())
        if me in parts.values():
            return
        free = next((part for part in ("first", "second") if part not in parts), None)
        if row.state != "waiting" or free is None:
            raise DoubleReadingError(study=study, reason="taken")
        if db.execute(select(exists().where(Protocol.study_id == study, Protocol.author == me))).scalar():
            raise DoubleReadingError(study=study, reason="wrote_protocol")
        empty: dict[str, Any] = {
            "reader": me,
            "point": None,
            "findings": {},
            "comment": "",
            "begun": now(),
            "signed": None,
        }
        db.execute(insert(Opinion).values(study_id=study, part=free, **empty))
        AuditLog.from_context(context).write("double_begin", study=study, part=free)


def save(study: str, findings: Findings, comment: str, context: Context) -> None:
    """Keep what stands in the form so far.

    Raises
    ------
    NotFound, UnknownName
    DoubleReadingError
        When the opinion was not begun, or is signed.
    """
    known(findings)
    with context.get(Store).note() as db:
        mine = _mine(db, study, context)
        values = {"findings": to_row(findings), "comment": comment}
        db.execute(update(Opinion).where(Opinion.id == mine.id).values(values))
        AuditLog.from_context(context).write("double_save", study=study, part=mine.part)


def sign(study: str, findings: Findings | None, comment: str | None, context: Context) -> None:
    """Sign the opinion as given, or as it was last kept. With the second signature the two are compared.

    Raises
    ------
    NotFound, UnknownName
    DoubleReadingError
        When the opinion was not begun, is signed, or assesses nothing.
    """
    known(findings or {})
    with context.get(Store).note() as db:
        mine, at = _mine(db, study, context), now()
        whole = filled(from_row(mine.findings) if findings is None else findings)
        if all(finding.status is Status.NOT_ASSESSED for finding in whole.values()):
            raise DoubleReadingError(study=study, reason="nothing_assessed")
        values = {"findings": to_row(whole), "signed": at, "comment": mine.comment if comment is None else comment}
        db.execute(update(Opinion).where(Opinion.id == mine.id).values(values))
        AuditLog.from_context(context).write("double_sign", study=study, part=mine.part)
        _close(db, study, at, context)


def _mine(db: Connection, study: str, context: Context) -> Row[Any]:
    """The open opinion of whoever asks."""
    reading_row(db, study)
    query = select(Opinion.__table__).where(Opinion.study_id == study, Opinion.reader == context.actor.name)
    row = db.execute(query).first()
    if row is None:
        raise DoubleReadingError(study=study, reason="not_begun")
    if row.signed is not None:
        raise DoubleReadingError(study=study, reason="signed")
    return row


def _close(db: Connection, study: str, at: datetime, context: Context) -> None:
    """Compare the two opinions where both are signed, and say what comes next."""
    query = select(Opinion.part, Opinion.findings).where(Opinion.study_id == study, Opinion.signed.is_not(None))
    signed = {part: from_row(findings) for part, findings in db.execute(query)}
    if not {"first", "second"} <= set(signed):
        return
    differences = differing(signed["first"], signed["second"])
    state = "disagreement" if differences else "done"
    values = {"state": state, "finished": None if differences else at}
    db.execute(update(DoubleReading).where(DoubleReading.study_id == study).values(values))
    set_status(db, study, "disagreement" if differences else settled(db, study), at)
    AuditLog.from_context(context).write("double_compare", study=study, differences=len(differences))
