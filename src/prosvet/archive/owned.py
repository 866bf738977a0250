"""Conditions that leave what a person may see, for any query over studies."""

from __future__ import annotations

from sqlalchemy import ColumnElement, CompoundSelect, exists, select, true, union_all

from prosvet.archive.schema import Study
from prosvet.archive.schema_marks import MarkReading
from prosvet.archive.schema_screen import ScreenAudit
from prosvet.archive.schema_work import Opinion, WorkItem
from prosvet.core.actor import Actor

__all__ = ["blindly_read", "visible"]


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Study.id`` that leaves what `actor` may see.

    A study that belongs to somebody is there for that person and for seniors; one that belongs to nobody is the
    whole department's.
    """
    if actor.may("senior"):
        return true()
    others = exists().where(WorkItem.study_id == Study.id, WorkItem.owner.is_not(None), WorkItem.owner != actor.name)
    return ~others


def blindly_read(actor: Actor) -> CompoundSelect[str]:
    """The studies (ids) on which `actor` has begun an opinion, an audit or a blind mark without an end.

    Lists and search leave these out for `actor`: their order and their reasons would tell what was found.
    """
    opinions = select(Opinion.study_id).where(
        Opinion.reader == actor.name, Opinion.signed.is_(None), Opinion.part.in_(("first", "second"))
    )
    audits = select(ScreenAudit.study_id).where(ScreenAudit.reader == actor.name, ScreenAudit.verdict.is_(None))
    marking = select(MarkReading.study_id).where(
        MarkReading.reader == actor.name, MarkReading.finished.is_(None), MarkReading.blind
    )
    return union_all(opinions, audits, marking)
