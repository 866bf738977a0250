"""Who reads a study blind: for them the study has no findings, no report and no other opinion until they sign."""

from __future__ import annotations

from sqlalchemy import Connection

from prosvet.archive.owned import blindly_read
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.errors import BlindReading

__all__ = ["blind_studies", "ensure_open"]


def blind_studies(db: Connection, actor: Actor) -> frozenset[str]:
    """Ids of the studies that `actor` reads blind."""
    return frozenset(db.execute(blindly_read(actor)).scalars())


def ensure_open(store: Store, study: str, actor: Actor) -> None:
    """Raise where `actor` reads `study` blind: before anything is shown that somebody, or the model, found in it.

    Raises
    ------
    BlindReading
    """
    with store.read() as db:
        if study in blind_studies(db, actor):
            raise BlindReading(study=study)
