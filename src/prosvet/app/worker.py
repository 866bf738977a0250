"""The application as each answering process builds it, and what several of them must share.

Almost everything they share lies in the archive: sessions, jobs, studies, the audit log. Films brought to the search
page lie in no file, by promise; a small process of their own holds them for all.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import parent_process
from multiprocessing.managers import BaseManager
from threading import Thread
from typing import cast

from fastapi import FastAPI

from prosvet.app.http.app import create_app
from prosvet.app.parent import end_with_parent
from prosvet.app.web.kept import KeptQuestions
from prosvet.core import logs
from prosvet.core.context import Context
from prosvet.core.settings import Settings
from prosvet.search.warm import warm

__all__ = ["Application", "shared_questions"]


@dataclass(frozen=True)
class Application:
    """Builds the application; can be sent to another process.

    Attributes
    ----------
    kept : KeptQuestions or None
        Where several processes keep what was brought to the search page; None where there is one process.
    log_format : "text" or "json"
        As the process that starts the others logs.
    """

    settings: Settings
    accounts: bool
    kept: KeptQuestions | None = None
    log_format: logs.LogFormat = field(default_factory=logs.current)

    def __call__(self) -> FastAPI:
        """The application, which begins to load the indexes: the first search would wait some seconds for them."""
        if parent_process() is not None:
            end_with_parent()
            logs.set_up(logging.WARNING, self.log_format)
        app = create_app(self.settings, accounts=self.accounts)
        context: Context = app.state.context
        if self.kept is not None:
            context.put(KeptQuestions, self.kept)
        Thread(target=warm, args=(context,), name="warm", daemon=True).start()
        return app


class _Holder(BaseManager):
    """The process that holds what is kept in memory for all others; they reach it by a socket of this user's own."""


_Holder.register("questions", KeptQuestions)


@contextmanager
def shared_questions(workers: int) -> Iterator[KeptQuestions | None]:
    """What was brought to the search page, for `workers` processes; None for one, which keeps it itself."""
    if workers == 1:
        yield None
        return
    holder = _Holder()
    holder.start(initializer=end_with_parent)
    try:
        yield cast("KeptQuestions", holder.questions())  # type: ignore[attr-defined]
    finally:
        holder.shutdown()
