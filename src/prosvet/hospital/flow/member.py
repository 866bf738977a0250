"""A worker's process: it works until it is told to stop, renews its own leases, and ends with the node."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Event, Thread

from prosvet.archive.database import file_lock
from prosvet.core import logs
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import AlreadyRunning, ProsvetError
from prosvet.core.settings import Settings
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.flow.queue import Queue
from prosvet.hospital.flow.worker import Worker
from prosvet.hospital.ledger.store import Ledger

__all__ = ["NODE", "Member", "Turn"]

log = logging.getLogger(__name__)

NODE = Actor("node", "admin")
"""In whose name the pipeline works: it sees every study, and stands in the audit log."""

_RENEW = 15.0  # seconds between two renewals of leases


class Turn:
    """The quick pass is one process's at a time: it writes to the archive. The system drops it with its holder.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "turn"
    >>> with Turn(path).taken() as ours, Turn(path).taken() as theirs:
    ...     ours, theirs
    (True, False)
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Whether the block has it; nobody waits."""
        with ExitStack() as held:
            try:
                held.enter_context(file_lock(self._path, wait=False))
            except AlreadyRunning:
                yield False
            else:
                yield True


@dataclass(frozen=True)
class Member:
    """What a worker's process is started with; can be sent to it.

    Attributes
    ----------
    name : str
        Of the process; its leases begin with it.
    """

    name: str
    settings: Settings
    config: HospitalConfig
    log_format: logs.LogFormat

    def __call__(self) -> None:
        """The process itself."""
        logs.set_up(logging.WARNING, self.log_format)
        os.environ.pop("NOTIFY_SOCKET", None)  # the service manager hears from the node alone
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's goes to all; the node tells us when to stop
        stop = Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        Thread(target=_follow, name="follow", daemon=True).start()
        with Context(self.settings) as context:
            own = context.child(actor=NODE, lang=self.config.results.lang)
            ledger = own.get(Ledger)
            queue = Queue(ledger, self.name)
            Thread(target=_renew, args=(queue,), name="renew", daemon=True).start()
            Worker(queue, Turn(ledger.folder / "sorting.lock"), self.config, ledger, own)(stop)


def _renew(queue: Queue) -> None:
    """Until the process ends: an exam that was begun before it was told to stop is finished after it."""
    while True:
        time.sleep(_RENEW)
        try:
            queue.renew()
        except (ProsvetError, OSError) as error:
            log.error("leases cannot be renewed: %s", type(error).__name__)


def _follow() -> None:
    """End with the node, also when it was killed and could not say so: at once, as it did."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
