"""Opening a SQLite database of ours: pragmas, transactions, migrations, and errors in our own words."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DatabaseError

from prosvet.archive.schema import HEAD
from prosvet.archive.sqlite import sqlite_engine
from prosvet.core.errors import AlreadyRunning, ArchiveError, DiskFull

__all__ = ["Schema", "file_lock", "open_database", "spoken_errors"]

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",  # an erased report leaves no bytes behind
    "PRAGMA temp_store=MEMORY",
)


@dataclass(frozen=True)
class Schema:
    """A database of ours: where its migrations lie, and the last of them.

    ``durable`` makes every commit survive a power cut; without it a kill loses nothing, a power cut at most the last
    commit.
    """

    migrations: Path
    head: str
    durable: bool = False


_ARCHIVE = Schema(Path(__file__).parent / "migrations", HEAD)


def open_database(path: Path, schema: Schema = _ARCHIVE) -> Engine:
    """The engine of the database at `path`, created or migrated where needed.

    A connection made with ``execution_options(immediate=True)`` takes the write lock when it begins.

    Raises
    ------
    ArchiveError
        When the file is no database, or was written by a newer version.
    """
    synchronous = f"PRAGMA synchronous={'FULL' if schema.durable else 'NORMAL'}"
    engine = sqlite_engine(path, (*_PRAGMAS, synchronous), wait=30.0)
    with spoken_errors(path):
        if _revision(engine) != schema.head:
            _migrate(engine, path, schema)
    return engine


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine, path: Path, schema: Schema) -> None:
    # Imported here: most starts find the schema current, and must not pay for it.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    with file_lock(path.with_suffix(".migrate.lock")):
        if _revision(engine) == schema.head:  # another process was quicker
            return
        config = Config()
        config.set_main_option("script_location", str(schema.migrations).replace("%", "%%"))
        with engine.execution_options(immediate=True).begin() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, schema.head)
            except CommandError as error:
                raise ArchiveError(reason=str(error)) from error


@contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`; the system drops it when the process dies.

    Raises
    ------
    AlreadyRunning
        With ``wait=False``, when another process holds it.
    """
    with path.open("a+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(home=str(path.parent)) from None
        yield


@contextmanager
def spoken_errors(path: Path) -> Iterator[None]:
    """Turn the driver's errors on the database at `path` into ours: disk full, locked, damaged."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig)
        if "disk is full" in reason:
            raise DiskFull(path=str(path.parent)) from error
        if "is locked" in reason:
            raise AlreadyRunning(home=str(path.parent)) from error
        raise ArchiveError(reason=reason) from error
