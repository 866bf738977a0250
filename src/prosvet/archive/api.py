"""The capability ingest: films, tables and reports into the archive; resumable, idempotent, de-identified."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from pydantic import Field

from prosvet.archive.database import file_lock
from prosvet.archive.erase import finish_erasures
from prosvet.archive.files import FileStore
from prosvet.archive.ingest import Failure, Intaker
from prosvet.archive.readers import READERS, Item, Reader, detect_reader
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import NotFound, ProsvetError
from prosvet.core.progress import SilentProgress
from prosvet.core.types import Frozen

__all__ = ["FailedRow", "IngestRequest", "IngestResult", "run"]


class IngestRequest(Frozen):
    """What to take in."""

    paths: tuple[Path, ...] = Field(min_length=1, description="Files, folders and tables.")
    reader: str | None = Field(default=None, description="Name of the layout; by default told from the content.")
    deidentify: bool = Field(default=True, description="Take the patient's identity out of headers and names.")
    encode: bool = Field(default=True, description="Examine films and encode texts, so that they can be found.")
    limit: int | None = Field(default=None, ge=1, description="At most so many items.")


class FailedRow(Frozen):
    """A file or a table's row that was not taken in, and why."""

    file: str
    error: str
    message: str


class IngestResult(Frozen):
    """What was done.

    Attributes
    ----------
    added, skipped, failed : int
        Items that brought something new; that were here already; that were refused (listed in ``rows``).
    studies, images, reports : int
        New ones.
    without_image : int
        New rows of tables whose image is not there; their labels and reports were taken in.
    """

    added: int
    skipped: int
    failed: int
    studies: int
    images: int
    reports: int
    without_image: int
    seconds: float
    rows: tuple[FailedRow, ...] = ()


def run(request: IngestRequest, context: Context) -> IngestResult:
    """Take in `request.paths`; the same call after an interruption goes on, after success it adds nothing.

    Raises
    ------
    NotFound
        When a path is not there; nothing was changed.
    ManifestError
        When the layout of the only path is not known.
    AlreadyRunning
        When another process is writing to this archive.
    DiskFull
    """
    start = time.monotonic()
    for path in request.paths:
        if not path.exists():
            raise NotFound(kind="file", name=path.name)
    store = context.get(Store)
    with file_lock(store.home / "writer.lock", wait=False):
        finish_erasures(store, context.get(FileStore))
        intaker = Intaker(context, deidentify=request.deidentify, encode=request.encode)
        lost: list[Failure] = []
        watched = not isinstance(context.progress, SilentProgress)  # else nobody asks how many there are
        total = intaker.count(_items(request, [])) if watched else None
        intaker.take(_items(request, lost), total)
        intaker.catch_up()
    tally = intaker.tally
    failures = [*tally.failures, *lost]
    if len(failures) == 1 and len(request.paths) == 1 and not tally.added + tally.skipped:
        raise failures[0].error  # one bad file alone is an error, not a row
    rows = tuple(FailedRow(file=f.file, error=f.error.code, message=f.error.message(context.lang)) for f in failures)
    return IngestResult(
        added=tally.added, skipped=tally.skipped, failed=len(rows), studies=tally.studies, images=tally.images,
        reports=tally.reports, without_image=tally.without_image, seconds=round(time.monotonic() - start, 3), rows=rows,
    )  # fmt: skip


def _items(request: IngestRequest, lost: list[Failure]) -> Iterator[Item]:
    """Items of every path in turn, up to the limit; a layout that breaks ends its own path only."""

    def every() -> Iterator[Item]:
        for path in request.paths:
            try:
                yield from _reader(request, path).items(path)
            except ProsvetError as error:
                lost.append(Failure(path.name, error))

    return islice(every(), request.limit)


def _reader(request: IngestRequest, path: Path) -> Reader:
    if request.reader is not None:
        chosen: Reader = READERS[request.reader]()
        return chosen
    return detect_reader(path)[1]
