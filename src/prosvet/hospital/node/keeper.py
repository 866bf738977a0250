"""Keeps objects: what several associations wait for goes to the disk as one, then all are answered.

The order is what makes an answer true: the object's bytes are synced (by whoever received it), its name among the
kept files is synced, the audit line is synced, the ledger's rows are committed with ``synchronous=FULL``; only then
does :meth:`Keeper.keep` return. A kill between two of these steps leaves at most a file that no row names, which is
swept on the next start; the sender, who was not answered, sends again.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from sqlalchemy import select

from prosvet.archive.files import FileStore, room_for, sync_folder
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.errors import ProsvetError
from prosvet.hospital.ledger.schema import Outgoing, Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.rows import Arrival, Known, enter, known

__all__ = ["Keeper"]

log = logging.getLogger(__name__)

_AT_ONCE = 128
_YOUNG = 3600.0  # seconds: a result of that age may lie there before its row does

_Waiting = tuple[Arrival, "Future[Known | None]"]


class Keeper:
    """One thread that commits. Also the only writer of received objects: one node at a time serves a home."""

    def __init__(self, ledger: Ledger, audit: AuditLog, deadline: timedelta) -> None:
        self._ledger, self._audit, self._deadline = ledger, audit, deadline
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="keeper", daemon=True)

    def start(self) -> None:
        """Make the folders that names are synced in, sweep what no row names, begin."""
        _prepare(self._ledger.files)
        self._sweep()
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def keep(self, arrival: Arrival) -> Known | None:
        """Keep an object for good; returns what is kept under its UID already, and then keeps nothing.

        Raises
        ------
        ProsvetError, OSError
            When it is not kept: no room, the database is held by another, a failing disk.
        """
        waiting: Future[Known | None] = Future()
        self._queue.put((arrival, waiting))
        return waiting.result()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = [first], False
            while len(group) < _AT_ONCE and not last:
                try:
                    more = self._queue.get_nowait()
                except Empty:
                    break
                if more is None:
                    last = True
                else:
                    group.append(more)
            self._commit(group)
            if last:
                return

    def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            there = self._settle([arrival for arrival, _ in group])
        except (ProsvetError, OSError) as error:
            log.error("%d objects were not kept: %s", len(group), type(error).__name__)
            for _, waiting in group:
                waiting.set_exception(error)
        except Exception as error:  # the edge of the thread: whoever waits must hear, and the thread go on
            log.error("%d objects were not kept", len(group), exc_info=True)
            for _, waiting in group:
                waiting.set_exception(OSError(type(error).__name__))
        else:
            for (_, waiting), before in zip(group, there, strict=True):
                waiting.set_result(before)

    def _settle(self, arrivals: Sequence[Arrival]) -> list[Known | None]:
        """What was there before under each one's UID; those that were not are kept now."""
        with self._ledger.read() as connection:
            before = known(connection, [one.identity.sop_uid for one in arrivals])
        there: list[Known | None] = []
        fresh: list[Arrival] = []
        for one in arrivals:
            uid = one.identity.sop_uid
            there.append(before.get(uid))
            if uid not in before:
                fresh.append(one)
                before[uid] = Known(one.spooled.sha256, one.transfer_syntax)  # the same UID twice in one group
        if fresh:
            _place(self._ledger.files, fresh)
            self._tell(fresh)
            with self._ledger.write() as connection:
                enter(connection, fresh, now(), self._deadline)
        return there

    def _tell(self, fresh: Sequence[Arrival]) -> None:
        counts: dict[tuple[str, str], int] = {}
        for one in fresh:
            counts[one.study, one.sender] = counts.get((one.study, one.sender), 0) + 1
        for (study, sender), objects in counts.items():
            self._audit.write("node.received", study=study, sender=sender, objects=objects)

    def _sweep(self) -> None:
        """Remove files that no row names. No object arrives yet, and a result's file may lie before its row does."""
        with self._ledger.read() as connection:
            named = set(connection.execute(select(Received.sha256)).scalars())
            named |= set(connection.execute(select(Outgoing.sha256)).scalars())
        files, old = self._ledger.files, time.time() - _YOUNG
        lost = [name for name in files.names() if name not in named and files.path(name).stat().st_mtime < old]
        files.remove(lost)
        if lost:
            log.warning("%d files that no row names were removed", len(lost))


def _prepare(files: FileStore) -> None:
    """Make all folders of `files` at once: a folder that is made later would need a sync of its own."""
    with room_for(files.folder):
        for number in range(256):
            (files.folder / f"{number:02x}").mkdir(parents=True, exist_ok=True)
        sync_folder(files.folder)
        sync_folder(files.folder.parent)


def _place(files: FileStore, fresh: Sequence[Arrival]) -> None:
    """Give the spooled files their names among the kept ones, on the disk on return."""
    folders: set[Path] = set()
    for one in fresh:
        target = files.path(one.spooled.sha256)
        os.replace(one.spooled.path, target)
        folders.add(target.parent)
    for folder in folders:
        sync_folder(folder)
