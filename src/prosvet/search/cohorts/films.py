"""The films of a cohort's studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from prosvet.archive.schema import Image
from prosvet.archive.store import Store

__all__ = ["FilmRow", "films_of"]

_CHUNK = 5000


class FilmRow(NamedTuple):
    """A stored film: whose, its original name, the name of its bytes, and what they are."""

    study: str
    file: str
    sha256: str
    format: str
    view: str


def films_of(store: Store, studies: Sequence[str]) -> list[FilmRow]:
    """Films in the order of `studies`, and of each study in the order they came."""
    query = select(Image.study_id, Image.file, Image.sha256, Image.format, Image.view).order_by(Image.id)
    found: dict[str, list[FilmRow]] = {study: [] for study in studies}
    with store.read() as db:
        for start in range(0, len(studies), _CHUNK):
            for row in db.execute(query.where(Image.study_id.in_(studies[start : start + _CHUNK]))):
                found[row.study_id].append(FilmRow(*row))
    return [film for mine in found.values() for film in mine]
