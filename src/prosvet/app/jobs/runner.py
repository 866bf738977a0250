"""Runs the jobs, one at a time, in one thread of the process that holds the archive's lock of jobs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from threading import Event, Thread
from typing import Any, Self

from pydantic import BaseModel, ValidationError

from prosvet.app.jobs.book import JobBook, Ticket
from prosvet.app.jobs.hub import Hub
from prosvet.app.jobs.progress import JobProgress
from prosvet.app.jobs.table import runnable, subject_of
from prosvet.app.jobs.view import JobView, error_of
from prosvet.archive.database import file_lock
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import AlreadyRunning, Cancelled, InternalError, InvalidRequest, ProsvetError

__all__ = ["Runner"]

log = logging.getLogger(__name__)

_LOOK = 2.0  # seconds after which the table is looked at unasked: another process may have put a job in
_AFTER_ERROR = 60.0  # seconds


class Runner:
    """The worker of a served archive.

    The worker lives between :meth:`start` and :meth:`stop`. Where another process already runs the jobs of this
    archive, this one waits to take over.
    """

    def __init__(self, context: Context) -> None:
        self._context, self._home = context, context.get(Store).home
        self.book, self.hub = JobBook.from_context(context), Hub()
        self._wake, self._stop = Event(), Event()
        self._worker: Thread | None = None
        self._leads = Event()

    @property
    def leads(self) -> bool:
        """Whether the jobs of this archive run in this process, and not in another one."""
        return self._leads.is_set()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The runner of the context's archive; nothing runs before :meth:`start`."""
        return cls(context)

    def start(self) -> None:
        """Begin to take jobs."""
        self._stop.clear()
        self._worker = Thread(target=self._work, name="jobs", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        """Let the running job end at its next item, and the worker with it; the job can go on after the next start."""
        self._stop.set()
        self._wake.set()
        if self._worker is not None:
            self._worker.join()
            self._worker = None

    def submit(self, capability: str, request: BaseModel, context: Context) -> JobView:
        """Put a job in, in the name and the language of `context`.

        Raises
        ------
        UnknownName
            When `capability` may not run as a job.
        """
        runnable(capability)
        subject = subject_of(capability, request)
        view = self.book.put(capability, subject, request.model_dump(mode="json"), context.actor, context.lang)
        self._wake.set()
        return view

    def moved(self, job: str) -> None:
        """Somebody cancelled or resumed `job`: look at the table now, and tell who watches."""
        self._wake.set()
        self.hub.changed(job)

    # -- the worker ------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                with file_lock(self._home / "jobs.lock", wait=False):
                    self._leads.set()
                    lost = self.book.mark_stopped()
                    if lost:
                        log.warning("%d jobs were running when the program ended", lost)
                    self._take_turns()
            except AlreadyRunning:
                self._stop.wait(_LOOK)
            except ProsvetError as error:
                log.error("the jobs cannot be read, trying again in a minute: %s", error)
                self._stop.wait(_AFTER_ERROR)
            finally:
                self._leads.clear()

    def _take_turns(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            ticket = self.book.take()
            if ticket is None:
                self._wake.wait(_LOOK)
                continue
            self._run(ticket)

    def _run(self, ticket: Ticket) -> None:
        log.info("job %s (%s) begins", ticket.id, ticket.capability)
        self.hub.changed(ticket.id)
        try:
            self.book.finish(ticket.id, "done", result=self._result(ticket))
            log.info("job %s is done", ticket.id)
        except Cancelled:
            self.book.finish(ticket.id, "stopped" if self._stop.is_set() else "cancelled")
        except ProsvetError as error:
            log.info("job %s failed: %s", ticket.id, error.code)
            self.book.finish(ticket.id, "failed", error=error_of(error, ticket.lang).model_dump(mode="json"))
        except Exception as error:  # the edge of the worker: a defect of one job must not end the others
            log.exception("job %s failed", ticket.id)
            defect = InternalError(kind=type(error).__name__)
            self.book.finish(ticket.id, "failed", error=error_of(defect, ticket.lang).model_dump(mode="json"))
        self.hub.changed(ticket.id)

    def _result(self, ticket: Ticket) -> Mapping[str, Any]:
        def write(label: str, done: int, total: int | None) -> bool:
            try:
                asked = self.book.progress(ticket.id, label, done, total)
            except AlreadyRunning:
                return False  # another process is writing for long: the work itself need not wait for that
            self.hub.changed(ticket.id)
            return asked

        entry = runnable(ticket.capability)
        progress = JobProgress(write, self._stop.is_set)
        context = self._context.child(lang=ticket.lang, progress=progress, actor=ticket.actor)
        try:
            request = entry.request.model_validate(ticket.request)
        except ValidationError as error:  # put in by another version
            first = error.errors()[0]
            raise InvalidRequest(name=".".join(map(str, first["loc"])), reason=first["msg"]) from None
        result: BaseModel = entry.module.run(request, context)
        return result.model_dump(mode="json")
