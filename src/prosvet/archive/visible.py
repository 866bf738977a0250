"""Whose study it is: one that belongs to somebody is there for that person and for seniors, and for nobody else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, or_, select

from prosvet.archive.owned import blindly_read, visible
from prosvet.archive.schema import Image, Report, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.errors import NotFound

__all__ = ["ensure_visible", "hidden_images", "hidden_reports", "synthetic_images", "synthetic_reports", "visible"]


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


def hidden_images(store: Store, actor: Actor) -> NDArray[np.int64]:
    """Ids, ascending, of the images that `actor` may not see or reads blind: they are taken out of what is found."""
    return _hidden(Image, store, actor)


def hidden_reports(store: Store, actor: Actor) -> NDArray[np.int64]:
    """Ids, ascending, of the reports that `actor` may not see, or of studies that are read blind."""
    return _hidden(Report, store, actor)


def synthetic_images(store: Store) -> NDArray[np.int64]:
    """Ids, ascending, of the images of synthetic studies: nobody finds them who has not asked for them."""
    return _synthetic(Image, store)


def synthetic_reports(store: Store) -> NDArray[np.int64]:
    """Ids, ascending, of the reports of synthetic studies."""
    return _synthetic(Report, store)


def _synthetic(table: type[Image] | type[Report], store: Store) -> NDArray[np.int64]:
    query = select(table.id).where(table.study_id.in_(select(Study.id).where(Study.synthetic))).order_by(table.id)
    with store.read() as db:
        return np.fromiter(db.execute(query).scalars(), dtype=np.int64)


def _hidden(table: type[Image] | type[Report], store: Store, actor: Actor) -> NDArray[np.int64]:
    owned = select(WorkItem.study_id).where(WorkItem.owner.is_not(None), WorkItem.owner != actor.name)
    hidden: ColumnElement[bool] = table.study_id.in_(blindly_read(actor))
    if not actor.may("senior"):
        hidden = or_(hidden, table.study_id.in_(owned))
    query = select(table.id).where(hidden).order_by(table.id)
    with store.read() as db:
        return np.fromiter(db.execute(query).scalars(), dtype=np.int64)
