"""SQLite as the program uses it: transactions that cover everything, and a write lock that is taken when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

__all__ = ["sqlite_engine"]


def sqlite_engine(path: Path, pragmas: Sequence[str], wait: float) -> Engine:
    """An engine on the file `path` whose every connection begins with `pragmas`.

    A connection made with ``execution_options(immediate=True)`` takes the write lock when it begins, waiting at most
    `wait` seconds for it.
    """
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": wait})

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver's own would not cover DDL
        for pragma in pragmas:
            connection.execute(pragma)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
