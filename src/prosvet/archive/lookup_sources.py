"""The names of the sources that the archive holds, for a choice."""

from __future__ import annotations

from sqlalchemy import select

from prosvet.archive.schema import Study
from prosvet.archive.store import Store

__all__ = ["sources"]


def sources(store: Store) -> tuple[str, ...]:
    """In order; each once."""
    with store.read() as db:
        return tuple(db.execute(select(Study.source).distinct().order_by(Study.source)).scalars())
