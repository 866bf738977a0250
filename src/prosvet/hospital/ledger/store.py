"""The ledger's database and the files beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from prosvet.archive.database import Schema, open_database, spoken_errors
from prosvet.archive.files import FileStore, room_for
from prosvet.core.context import Context
from prosvet.hospital.ledger.schema import HEAD

__all__ = ["Ledger"]

_SCHEMA = Schema(Path(__file__).parent / "migrations", HEAD, durable=True)


class Ledger:
    """What came, what became of it, and what has to go back; for one archive.

    Attributes
    ----------
    folder : Path
        ``HOME/hospital``: readable by its owner alone.
    files : FileStore
        Objects as they came, and results as they go.

    Examples
    --------
    >>> import tempfile
    >>> ledger = Ledger(Path(tempfile.mkdtemp()) / "hospital")
    >>> oct(ledger.folder.stat().st_mode & 0o777)
    '0o700'
    >>> ledger.close()
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with room_for(folder):
            folder.mkdir(parents=True, exist_ok=True)
            os.chmod(folder, 0o700)
        self.path = folder / "ledger.db"
        self.files = FileStore(folder / "objects", durable=True)
        self._engine = open_database(self.path, _SCHEMA)

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The ledger of the context's archive, created when it is not there."""
        return cls(context.settings.home / "hospital")

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on one snapshot."""
        with spoken_errors(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection whose changes are on the disk as one when the block ends, or not made at all.

        Raises
        ------
        AlreadyRunning
            When another writer holds the database for half a minute.
        DiskFull
        """
        engine = self._engine.execution_options(immediate=True)
        with spoken_errors(self.path), engine.begin() as connection:
            yield connection
