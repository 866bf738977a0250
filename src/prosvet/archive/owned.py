"""The condition that leaves what a person may see, for any query over studies."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, true

from prosvet.archive.schema import Study
from prosvet.archive.schema_work import WorkItem
from prosvet.core.context import Actor

__all__ = ["visible"]


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Study.id`` that leaves what `actor` may see.

    A study that belongs to somebody is there for that person and for seniors; one that belongs to nobody is the
    whole department's.
    """
    if actor.may("senior"):
        return true()
    others = exists().where(WorkItem.study_id == Study.id, WorkItem.owner.is_not(None), WorkItem.owner != actor.name)
    return ~others
