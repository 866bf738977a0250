"""Who watches which job: a worker thread says that something changed, listeners on an event loop wake up."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

__all__ = ["Hub"]


class Hub:
    """Wakes listeners. Nothing is queued for them: a slow one finds the latest state, and never an old one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._listeners: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def __len__(self) -> int:
        with self._lock:
            return sum(map(len, self._listeners.values()))

    @contextmanager
    def listening(self, job: str) -> Iterator[asyncio.Event]:
        """An event that is set when `job` changes, for as long as the block lasts; only on a running loop."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._listeners.setdefault(job, set()).add(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                left = self._listeners[job]
                left.discard(entry)
                if not left:
                    del self._listeners[job]

    def changed(self, job: str) -> None:
        """Wake whoever listens to `job`; from any thread."""
        with self._lock:
            for loop, event in self._listeners.get(job, ()):
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)
