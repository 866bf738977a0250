"""The capability upload: one file that was sent, a film or a ZIP of films, into the archive and the worklist."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal

from pydantic import Field
from sqlalchemy import func, or_, select

from prosvet.archive.deidentify import Deidentifier
from prosvet.archive.erase import finish_erasures
from prosvet.archive.files import FileStore
from prosvet.archive.ingest import Intaker
from prosvet.archive.readers.item import FileBytes, Item
from prosvet.archive.schema import Image, LedgerEntry, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.upload import writer_lock
from prosvet.archive.visible import visible
from prosvet.archive.zip_in import ARCHIVES, Limits, ZipMember, is_zip, members
from prosvet.core.context import Context
from prosvet.core.errors import BadZip, Forbidden, NotFound, ProsvetError
from prosvet.core.types import Frozen

__all__ = ["RefusedFile", "UploadRequest", "UploadResult", "UploadedFile", "run"]

_PART = 16  # films of a ZIP that are taken in before another upload may have its turn
_WAIT = 60.0  # seconds for another writer


class UploadRequest(Frozen):
    """A file that has been received."""

    path: Path = Field(description="Where it lies; it is read and left there.")
    name: str = Field(min_length=1, max_length=500, description="Its name, with folders where it came from one.")
    private: bool = Field(default=False, description="Only for whoever sends it (and seniors).")
    wait: float = Field(default=_WAIT, ge=0, le=600, description="Seconds to wait for another writer.")


class RefusedFile(Frozen):
    """Why a file was not taken in."""

    code: str
    message: str
    hint: str


class UploadedFile(Frozen):
    """What became of one film. ``known``: its content was there before. ``study`` is None when it was refused, or
    belongs to somebody else."""

    name: str
    outcome: Literal["added", "known", "refused"]
    study: str | None = None
    priority: int | None = None
    reason: str | None = None
    error: RefusedFile | None = None


class UploadResult(Frozen):
    """One row a film, in the order of their names, and their counts."""

    files: tuple[UploadedFile, ...]
    added: int
    known: int
    refused: int


def run(request: UploadRequest, context: Context) -> UploadResult:
    """Take in the file; identity is taken out of it, and content that is there already is not kept twice.

    Raises
    ------
    Forbidden
        For a researcher.
    ImageError
        When the one film cannot be read as a chest X-ray, or the ZIP is refused whole; nothing was changed.
    ArchiveBusy
        When another writer holds the archive for longer than `request.wait`; nothing of this part was changed.
    DiskFull, ModelError
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    if not request.path.is_file():
        raise NotFound(kind="file", name=request.name)
    alone = not is_zip(request.path)
    with request.path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    rows: list[UploadedFile] = []
    for part in _parts(_one(request) if alone else _many(request, context), _PART):
        rows += _take(part, request, context, content, alone=alone)
    count = {outcome: sum(row.outcome == outcome for row in rows) for outcome in ("added", "known", "refused")}
    return UploadResult(files=tuple(rows), **count)


_Piece = tuple[str, FileBytes | ProsvetError]


def _one(request: UploadRequest) -> Iterator[_Piece]:
    short = request.name.replace("\\", "/").rsplit("/", 1)[-1]
    if short.lower().endswith(ARCHIVES):
        raise BadZip(name=short, reason="broken" if short.lower().endswith(".zip") else "archive")
    facts = request.path.stat()
    yield request.name, FileBytes(request.path, short, facts.st_size, facts.st_mtime_ns)


def _many(request: UploadRequest, context: Context) -> Iterator[_Piece]:
    for inside, film in members(request.path, request.name, Limits.of(context.settings)):
        yield f"{request.name}/{inside}", film


def _parts(pieces: Iterable[_Piece], size: int) -> Iterator[list[_Piece]]:
    rest = iter(pieces)
    while part := list(islice(rest, size)):
        yield part


def _take(
    part: Sequence[_Piece], request: UploadRequest, context: Context, content: str, *, alone: bool
) -> list[UploadedFile]:
    """Take in some films under one hold of the writer lock, and say what became of each."""
    store, names = context.get(Store), Deidentifier.from_context(context)
    items = {name: _item(content, name, piece) for name, piece in part if isinstance(piece, FileBytes)}
    owner = context.actor.name if request.private else None
    with writer_lock(store.home, request.wait):
        finish_erasures(store, context.get(FileStore))
        last = _last_image(store)
        intaker = Intaker(context, deidentify=True, encode=True, owner=owner)
        intaker.take(items.values())
        homes = _homes(store, {name: names.ledger_key(item.key) for name, item in items.items()}, last, context)
    failed = (failure.error for failure in intaker.tally.failures)
    errors = {name: next(failed) for name in items if name not in homes}
    if alone and errors:
        raise next(iter(errors.values()))
    errors |= {name: piece for name, piece in part if isinstance(piece, ProsvetError)}
    return [homes[name] if name in homes else _refused(name, errors[name], context) for name, _ in part]


def _item(content: str, name: str, film: FileBytes) -> Item:
    """The item of a film; its key is the content that was sent, so that sending it again leaves no second line."""
    key = f"upload:{content}/{film.member}" if isinstance(film, ZipMember) else f"upload:{content}"
    return Item(key, film.size, film.mtime_ns, source="upload", image=film)


def _last_image(store: Store) -> int:
    with store.read() as db:
        return db.execute(select(func.max(Image.id))).scalar() or 0


def _homes(store: Store, keys: dict[str, str], last: int, context: Context) -> dict[str, UploadedFile]:
    """What became of the films that are in the archive now, by name; those after the image `last` are new."""
    query = select(LedgerEntry.key, Image.id, WorkItem.study_id, WorkItem.priority, WorkItem.reason)
    query = query.join(Image, or_(Image.source_sha256 == LedgerEntry.sha256, Image.sha256 == LedgerEntry.sha256))
    query = query.join(WorkItem, WorkItem.study_id == Image.study_id)
    with store.read() as db:
        rows = {row.key: row for row in db.execute(query.where(LedgerEntry.key.in_(keys.values())))}
        studies = {row.study_id for row in rows.values()}
        seen = set(db.execute(select(Study.id).where(Study.id.in_(studies), visible(context.actor))).scalars())
    made, counted = dict[str, UploadedFile](), set[int]()
    for name, key in keys.items():
        if key in rows:
            row = rows[key]
            fresh = row.id > last and row.id not in counted
            counted.add(row.id)
            facts = {"study": row.study_id, "priority": row.priority, "reason": row.reason}
            made[name] = UploadedFile(
                name=name, outcome="added" if fresh else "known", **(facts if row.study_id in seen else {})
            )
    return made


def _refused(name: str, error: ProsvetError, context: Context) -> UploadedFile:
    words = RefusedFile(code=error.code, message=error.message(context.lang), hint=error.hint(context.lang))
    return UploadedFile(name=name, outcome="refused", error=words)
