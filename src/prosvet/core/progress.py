"""Progress of long work: the library reports, a face shows it. The silent one is the default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

__all__ = ["Progress", "SilentProgress"]

T = TypeVar("T")


class Progress(Protocol):
    """Shows how far a loop has come."""

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield `items`, showing `label` and how many of `total` are done."""
        ...


class SilentProgress:
    """Shows nothing."""

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield `items`."""
        yield from items
