"""Receiving a file that somebody sends: counted while it comes, kept under a name of ours, and gone afterwards."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from prosvet.archive.database import file_lock
from prosvet.archive.files import room_for
from prosvet.core.errors import AlreadyRunning, ArchiveBusy, OversizedFile

__all__ = ["Received", "receive", "writer_lock"]

_FOLDER = "uploads"
_STEP = 0.1  # seconds between two looks at the lock


@dataclass
class Received:
    """A file on its way in. :meth:`write` takes what comes; it lies at ``path`` until the block ends.

    Attributes
    ----------
    name : str
        As its sender calls it; never used as a path.
    limit : int
        Bytes; one more and it is refused.
    """

    path: Path
    name: str
    limit: int
    stream: BinaryIO
    size: int = 0

    def write(self, chunk: bytes) -> None:
        """Take `chunk`.

        Raises
        ------
        OversizedFile
            As soon as there is too much; the chunk is not kept.
        DiskFull
        """
        self.size += len(chunk)
        if self.size > self.limit:
            raise OversizedFile(name=self.name, size=self.size, limit=self.limit)
        with room_for(self.path):
            self.stream.write(chunk)

    def close(self) -> None:
        """Everything has come."""
        with room_for(self.path):
            self.stream.close()


@contextmanager
def receive(home: Path, name: str, limit: int) -> Iterator[Received]:
    """A place in the archive's home for one file of at most `limit` bytes; empty again when the block ends.

    Examples
    --------
    >>> with receive(Path(tempfile.mkdtemp()), "film.png", 1000) as received:
    ...     received.write(b"bytes")
    ...     received.close()
    ...     received.path.read_bytes(), received.size
    (b'bytes', 5)
    >>> received.path.exists()
    False
    """
    folder = home / _FOLDER
    with room_for(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(dir=folder, prefix="in-")
    received = Received(Path(path), name, limit, os.fdopen(handle, "wb"))
    try:
        yield received
    finally:
        received.stream.close()
        received.path.unlink(missing_ok=True)


@contextmanager
def writer_lock(home: Path, seconds: float) -> Iterator[None]:
    """The archive's writer lock, waited for at most `seconds`.

    Raises
    ------
    ArchiveBusy
        When another writer still holds it.
    """
    deadline = time.monotonic() + seconds
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(file_lock(home / "writer.lock", wait=False))
                break
            except AlreadyRunning:
                if time.monotonic() >= deadline:
                    raise ArchiveBusy(home=str(home), seconds=round(seconds)) from None
                time.sleep(_STEP)
        yield
