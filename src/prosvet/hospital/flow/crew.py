"""The workers' processes: started with the node, started again when one has died, ended with the node.

Processes and not threads: making a report holds the interpreter, so that threads of one process would share one core,
and a decoder that crashes on a film takes its own process with it, not the node.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from threading import Event
from uuid import uuid4

from prosvet.core import logs
from prosvet.core.errors import ProsvetError
from prosvet.core.settings import Settings
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.flow.member import Member
from prosvet.hospital.flow.queue import Queue

__all__ = ["Crew"]

log = logging.getLogger(__name__)

_LOOK = 0.5  # seconds between two looks at the processes
_END = 50.0  # seconds for exams begun, before the node's own patience with us ends
_FIRST, _LONGEST = 1.0, 60.0  # seconds before one is started again


@dataclass
class _Place:
    """A worker's place: who has it, since when, and when a new one may have it."""

    process: SpawnProcess | None = None
    name: str = ""
    since: float = 0.0
    pause: float = _FIRST
    free_at: float = 0.0


class Crew:
    """Keeps `workers` processes at work until told to stop.

    Attributes
    ----------
    pids : tuple of int
        Of the processes that run now.
    """

    def __init__(self, queue: Queue, config: HospitalConfig, settings: Settings, workers: int) -> None:
        self._queue, self._config = queue, config
        # The cores are shared out: two processes with two threads each would wait for one another.
        self._settings = settings.model_copy(update={"threads": max(1, settings.threads // workers)})
        self._places = [_Place() for _ in range(workers)]

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(one.process.pid for one in self._places if one.process is not None and one.process.pid)

    def __call__(self, stop: Event) -> None:
        """Work until `stop` is set; exams begun are finished first."""
        try:
            while not stop.is_set():
                for place in self._places:
                    self._look(place)
                stop.wait(_LOOK)
        finally:
            _end([place.process for place in self._places if place.process is not None])

    def _look(self, place: _Place) -> None:
        at = time.monotonic()
        if place.process is None:
            if at >= place.free_at:
                self._hire(place)
        elif not place.process.is_alive() and self._freed(place):
            place.pause = _FIRST if at - place.since > _LONGEST else min(_LONGEST, place.pause * 2)
            log.error(
                "a worker has ended with status %s; another begins in %.0f s", place.process.exitcode, place.pause
            )
            place.process, place.free_at = None, at + place.pause

    def _hire(self, place: _Place) -> None:
        place.name, place.since = f"crew-{uuid4().hex[:12]}", time.monotonic()
        member = Member(place.name, self._settings, self._config, logs.current())
        # Spawned: a fork would take the node's threads' locks along. A daemon, so that no way out of here leaves it.
        place.process = get_context("spawn").Process(target=member, name=place.name, daemon=True)
        place.process.start()

    def _freed(self, place: _Place) -> bool:
        """Let others have the exam of one that has died, at once: its lease would keep it for a minute."""
        try:
            found = self._queue.recover(place.name)
        except (ProsvetError, OSError) as error:
            log.error("the ledger cannot be written: %s", type(error).__name__)
            return False
        if found:
            log.warning("%d exams of a worker that died are taken up again", found)
        return True


def _end(processes: Sequence[SpawnProcess]) -> None:
    for process in processes:
        process.terminate()
    until = time.monotonic() + _END
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()
