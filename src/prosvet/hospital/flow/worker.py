"""A worker leases one exam at a time, first for the quick pass, then for the full one."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from threading import Event
from typing import Protocol

from prosvet.archive.erase import erase
from prosvet.archive.files import FileStore
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import AlreadyRunning, DiskFull, ModelError, ProsvetError
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.flow.finishing import finish, finish_sorting
from prosvet.hospital.flow.queue import Lease, LeaseLost, Pass, Queue
from prosvet.hospital.flow.reading import work
from prosvet.hospital.flow.sorting import sort
from prosvet.hospital.ledger.store import Ledger

__all__ = ["Sorting", "Worker"]

log = logging.getLogger(__name__)

_IDLE = 0.25  # seconds between two looks at an empty queue
_LATER = 10.0  # seconds before another try after trouble that is not the exam's
_SITE = (AlreadyRunning, DiskFull, ModelError, OSError)
"""Trouble of the site: a held database, a full disk, a model that is not there. No exam is given up for it."""


class Sorting(Protocol):
    """Whose turn the quick pass is: it writes to the archive, which has one writer at a time; the others read."""

    def taken(self) -> AbstractContextManager[bool]:
        """Whether the block has it; nobody waits."""
        ...


class Worker:
    """Works until told to stop; an exam begun is finished first."""

    def __init__(
        self, queue: Queue, sorting: Sorting, config: HospitalConfig, ledger: Ledger, context: Context
    ) -> None:
        self._queue, self._sorting, self._config = queue, sorting, config
        self._ledger, self._context = ledger, context
        self._owed: list[tuple[Lease, BaseException, bool]] = []

    def __call__(self, stop: Event) -> None:
        """Work until `stop` is set."""
        while not stop.is_set():
            try:
                busy = self.turn()
            except (ProsvetError, OSError) as error:
                log.error("the queue cannot be reached: %s", type(error).__name__)
                stop.wait(_LATER / 2)
            else:
                if not busy:
                    stop.wait(_IDLE)

    def turn(self) -> bool:
        """One pass of one exam: whoever waits to be sorted before whoever waits to be read; False when nobody does."""
        while self._owed:
            self._settle(*self._owed.pop())
        with self._sorting.taken() as ours:
            if ours and self._one("sort"):
                return True
        return self._one("work")

    def _one(self, kind: Pass) -> bool:
        lease = self._queue.lease(kind)
        if lease is None:
            return False
        try:
            self._pass(kind, lease)
            self._queue.let_go(lease)
        except LeaseLost:
            self._queue.let_go(lease)
            log.warning("an exam was taken over by another worker; what was made of it here is dropped")
        except _SITE as error:
            log.error("an exam waits: %s", type(error).__name__)
            self._settle(lease, error, False)
        except ProsvetError as error:
            log.error("an exam failed: %s", error.code)
            self._settle(lease, error, True)
        except Exception as error:  # the edge of the thread: one exam must not end the others' work
            log.error("an exam failed: %s", type(error).__name__, exc_info=True)
            self._settle(lease, error, True)
        return True

    def _pass(self, kind: Pass, lease: Lease) -> None:
        context = self._context.child()  # one model for one exam, the deployed one
        audit = AuditLog.from_context(context)
        if kind == "sort":
            made = sort(lease, self._ledger, context)
            try:
                finish_sorting(self._ledger, lease, made, audit)
            except LeaseLost:
                if made.study and self._queue.forgotten(lease):
                    # Erased while its films were on their way into the archive: they go again.
                    erase(context.get(Store), context.get(FileStore), audit, [made.study])
                raise
            return
        done = work(lease, self._config, self._ledger, context)
        finish(self._ledger, lease, done.results, audit, note=done.note)

    def _settle(self, lease: Lease, error: BaseException, own: bool) -> None:
        """Write down what went wrong. Where that fails too (the disk is full) it is owed, and done before all else.

        Till then the lease is ours: one that runs out would cost the exam a try.
        """
        try:
            if own:
                self._queue.fail(lease, error)
            else:
                self._queue.put_off(lease, error, _LATER)
        except LeaseLost:
            log.warning("an exam was taken over by another worker")
        except _SITE:
            self._owed.append((lease, error, own))
            raise
        self._queue.let_go(lease)
