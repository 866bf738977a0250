"""The file of a reader study: created whole or not at all, opened with its version checked, written one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError

from prosvet.archive.sqlite import sqlite_engine
from prosvet.core.errors import DiskFull, NotFound, ReaderStudyError
from prosvet.evaluation.readers.schema import APPLICATION, VERSION, Base, Info

__all__ = ["StudyFile"]

_PRAGMAS = (
    "PRAGMA journal_mode=DELETE",  # no -wal beside the file: a copy of the file is a copy of the study
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)
_WAIT = 10.0  # seconds for another writer


class StudyFile:
    """An open study. Use as a context manager.

    Raises
    ------
    NotFound
        When there is no such file.
    ReaderStudyError
        When it is not a study, or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NotFound(kind="file", name=path.name)
        self.path = path
        self._engine = sqlite_engine(path, _PRAGMAS, _WAIT)
        with self.read() as connection:
            application, version = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("application_id", "user_version")
            )
        if application != APPLICATION:
            raise ReaderStudyError(name=path.name, reason="not_a_study")
        if version != VERSION:
            raise ReaderStudyError(name=path.name, reason="other_version")

    @classmethod
    @contextmanager
    def create(cls, path: Path) -> Iterator[Connection]:
        """A connection to a new study's empty tables; the file appears under its name when the block ends well.

        Raises
        ------
        ReaderStudyError
            When there is a file of that name already.
        """
        if path.exists():
            raise ReaderStudyError(name=path.name, reason="exists")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        engine = sqlite_engine(unfinished, _PRAGMAS, _WAIT)
        try:
            with _spoken(path), engine.begin() as connection:
                connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION}")
                connection.exec_driver_sql(f"PRAGMA user_version={VERSION}")
                Base.metadata.create_all(connection)
                yield connection
            engine.dispose()
            unfinished.rename(path)
        finally:
            engine.dispose()
            unfinished.unlink(missing_ok=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection on one snapshot."""
        with _spoken(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection that holds the file from its first statement; all that is added is kept, or nothing."""
        with _spoken(self.path), self._engine.execution_options(immediate=True).begin() as connection:
            yield connection

    def info(self) -> dict[str, str]:
        """What the study is: see :class:`prosvet.evaluation.readers.schema.Info`."""
        with self.read() as connection:
            return {key: value for key, value in connection.execute(select(Info.key, Info.value))}

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _spoken(path: Path) -> Iterator[None]:
    """The driver's errors in our own words."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig)
        if "disk is full" in reason:
            raise DiskFull(path=str(path.parent)) from error
        for sign, key in (("is locked", "busy"), ("not a database", "not_a_study"), ("append-only", "append_only")):
            if sign in reason:
                raise ReaderStudyError(name=path.name, reason=key) from error
        raise ReaderStudyError(name=path.name, reason=reason) from error
