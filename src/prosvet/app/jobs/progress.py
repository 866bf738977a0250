"""Progress of a job: to its row now and then, to whoever watches more often; and the place where it can be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from prosvet.core.errors import Cancelled

__all__ = ["JobProgress"]

T = TypeVar("T")

_EVERY = 0.5  # seconds between two writes of a row


class JobProgress:
    """Counts the items of the step under way. A step must not begin inside a write of the archive.

    Parameters
    ----------
    write : callable
        Takes label, done and total; answers whether the job was asked to stop.
    stopping : callable
        Whether the whole program is about to end.

    Raises
    ------
    Cancelled
        From the loop, at the first item after the job was asked to stop.
    """

    def __init__(self, write: Callable[[str, int, int | None], bool], stopping: Callable[[], bool]) -> None:
        self._write, self._stopping = write, stopping
        self._written = 0.0

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield `items`, counting them under `label`."""
        if total is None and isinstance(items, Sized):
            total = len(items)
        done = 0
        self._step(label, done, total, now=True)
        for item in items:
            self._step(label, done, total)
            yield item
            done += 1
        self._step(label, done, total, now=True)

    def _step(self, label: str, done: int, total: int | None, *, now: bool = False) -> None:
        if self._stopping():
            raise Cancelled
        moment = time.monotonic()
        if now or moment - self._written >= _EVERY:
            self._written = moment
            if self._write(label, done, total):
                raise Cancelled
