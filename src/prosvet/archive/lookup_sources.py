"""The names of the sources that the archive holds, for a choice."""

from __future__ import annotations

from sqlalchemy import func, select

from prosvet.archive.owned import visible
from prosvet.archive.schema import Study
from prosvet.archive.store import Store
from prosvet.core.actor import Actor

__all__ = ["sources"]


def sources(store: Store, actor: Actor) -> tuple[str, ...]:
    """Those with a study that `actor` may see, in order; each once."""
    # From each name to the next by the index: the studies of a source are not gone through.
    names = select(func.min(Study.source).label("name")).where(visible(actor)).cte("names", recursive=True)
    following = select(func.min(Study.source)).where(Study.source > names.c.name, visible(actor)).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    with store.read() as db:
        return tuple(db.execute(select(names.c.name).where(names.c.name.is_not(None))).scalars())
