"""Whose study it is: one that belongs to somebody is there for that person and for seniors, and for nobody else."""

from __future__ import annotations

from sqlalchemy import ColumnElement, exists, select, true

from prosvet.archive.schema import Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.context import Actor
from prosvet.core.errors import NotFound

__all__ = ["ensure_visible", "visible"]


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition on ``Study.id`` that leaves what `actor` may see."""
    if actor.may("senior"):
        return true()
    others = exists().where(WorkItem.study_id == Study.id, WorkItem.owner.is_not(None), WorkItem.owner != actor.name)
    return ~others


def ensure_visible(store: Store, study: str, actor: Actor) -> None:
    """Raise unless `actor` may see `study`; that it exists for somebody else is not told.

    Raises
    ------
    NotFound
    """
    with store.read() as db:
        found = db.execute(select(Study.id).where(Study.id == study, visible(actor))).first()
    if found is None:
        raise NotFound(kind="study", name=study)
