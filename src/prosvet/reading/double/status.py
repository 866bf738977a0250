"""A study's status in the worklist, as double reading changes it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, select, update

from prosvet.archive.schema_work import Protocol, WorkItem

__all__ = ["set_status", "settled"]

Status = Literal["read", "draft", "signed", "second_reading", "disagreement"]


def set_status(db: Connection, study: str, status: Status, at: datetime) -> None:
    """Write it where the study is listed."""
    db.execute(update(WorkItem).where(WorkItem.study_id == study).values(status=status, updated=at))


def settled(db: Connection, study: str) -> Status:
    """The status of a study whose double reading is over: signed, where its protocol is.

    Two opinions are no protocol: a study whose protocol nobody signed goes back to where it was.
    """
    states = set(db.execute(select(Protocol.state).where(Protocol.study_id == study)).scalars())
    return "signed" if "signed" in states else "draft" if "draft" in states else "read"
