"""The quick pass: films go into the archive by its ordinary way in, which gates and scores them; the rest is passed by.

What the archive makes of the scores is the exam's priority, so that a suspected pneumothorax overtakes whatever waits
for reading. Identity stays here: the archive takes it out on the way in, and is given names that tell nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select

from prosvet.archive.erase import finish_erasures
from prosvet.archive.files import FileStore
from prosvet.archive.ingest import Intaker
from prosvet.archive.readers.item import FileBytes, Item
from prosvet.archive.schema import Image
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.upload import writer_lock
from prosvet.core.context import Context
from prosvet.core.errors import ImageError, NotFound
from prosvet.hospital.flow.queue import Lease
from prosvet.hospital.ledger.schema import Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["SOURCE", "Fate", "Sorted", "sort"]

SOURCE = "hospital"
_WAIT = 60.0  # seconds for another writer of the archive


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a received object: a film of the archive, or passed by for a reason."""

    number: int
    image: int | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Sorted:
    """An exam after the quick pass; ``study`` is None where it has no film."""

    study: str | None
    priority: int
    fates: tuple[Fate, ...]


def sort(lease: Lease, ledger: Ledger, context: Context) -> Sorted:
    """Take the exam's films into the archive. Doing it again changes nothing there.

    Raises
    ------
    ArchiveBusy
        When another writer holds the archive for a minute.
    NotFound
        When a received object's file is gone.
    DiskFull, ModelError
    """
    columns = (Received.number, Received.sha256, Received.bytes)
    query = select(*columns).where(Received.study_uid == lease.study_uid, Received.state == "kept")
    with ledger.read() as connection:
        rows = connection.execute(query.order_by(Received.number)).all()
    errors = _take_in(rows, ledger, context)
    films = _films([row.sha256 for row in rows], context)
    fates = tuple(_fate(row, films, errors) for row in rows)
    homes = [films[row.sha256] for row in rows if row.sha256 in films]
    priority = max((film.priority for film in homes), default=lease.priority)
    return Sorted(homes[0].study_id if homes else lease.study, priority, fates)


def _take_in(rows: Sequence[Row[int, str, int]], ledger: Ledger, context: Context) -> dict[str, str]:
    """Take the objects in; returns why some are no films, by the name of their file."""
    store = context.get(Store)
    items = [_item(row, ledger.files) for row in rows]
    with writer_lock(store.home, _WAIT):
        finish_erasures(store, context.get(FileStore))
        intaker = Intaker(context, deidentify=True, encode=True)
        intaker.take(items)
    errors: dict[str, str] = {}
    for failure in intaker.tally.failures:
        if not isinstance(failure.error, ImageError):
            raise failure.error
        errors[failure.file] = failure.error.code
    return errors


def _item(row: Row[int, str, int], files: FileStore) -> Item:
    """An object as the archive's item; its key is its content, its name tells nothing, its time is none."""
    path = files.path(row.sha256)
    if not path.is_file():
        raise NotFound(kind="file", name=row.sha256[:16])
    film = FileBytes(path, _name(row.sha256), row.bytes, 0)
    return Item(f"{SOURCE}:{row.sha256}", row.bytes, 0, source=SOURCE, image=film)


def _name(sha256: str) -> str:
    return f"{sha256[:16]}.dcm"


def _films(hashes: Sequence[str], context: Context) -> dict[str, Row[str, int, str, int]]:
    """The archive's image, study and priority of each content that is a film there."""
    query = select(Image.source_sha256, Image.id, Image.study_id, WorkItem.priority)
    query = query.join(WorkItem, WorkItem.study_id == Image.study_id)
    with context.get(Store).read() as db:
        return {row.source_sha256: row for row in db.execute(query.where(Image.source_sha256.in_(hashes)))}


def _fate(row: Row[int, str, int], films: dict[str, Row[str, int, str, int]], errors: dict[str, str]) -> Fate:
    film = films.get(row.sha256)
    if film is not None:
        return Fate(row.number, film.id, None)
    return Fate(row.number, None, errors.get(_name(row.sha256), "unreadable"))
