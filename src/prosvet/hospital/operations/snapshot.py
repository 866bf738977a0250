"""A database copied while others write to it, and what is in the copy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from prosvet.archive.files import room_for
from prosvet.core.errors import BackupError, DiskFull

__all__ = ["named_files", "revision", "snapshot"]

_WAIT = 30.0  # seconds


def snapshot(source: Path, target: Path) -> None:
    """Copy the database `source` as it stands at one moment; writers go on meanwhile.

    Raises
    ------
    DiskFull
    BackupError
        The source is damaged, or another holds it for half a minute.
    """
    try:
        # In one step: a copy in steps begins anew with each write, and under load never ends.
        with (
            room_for(target),
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=_WAIT)) as live,
            closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy, pages=-1)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            broken = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
            raise DiskFull(path=str(target.parent)) from None
        raise BackupError(reason="database", name=source.name) from error
    if broken != "ok":
        raise BackupError(reason="database", name=source.name)


def revision(database: Path) -> str:
    """The schema that the database at rest was written with.

    Raises
    ------
    BackupError
    """
    return _asked(database, "SELECT version_num FROM alembic_version")[0]


def named_files(database: Path, query: str) -> list[str]:
    """The files that the database at rest names, in order.

    Raises
    ------
    BackupError
    """
    return sorted(_asked(database, query, least=0))


def _asked(database: Path, query: str, least: int = 1) -> list[str]:
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            values = [str(row[0]) for row in connection.execute(query)]
    except sqlite3.Error:
        values = []
        least = 1
    if len(values) < least:
        raise BackupError(reason="database", name=database.name)
    return values
