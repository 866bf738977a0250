"""A progress bar on the terminal's error stream."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from prosvet.core.i18n import Lang, catalogue

__all__ = ["BarProgress"]

T = TypeVar("T")


class BarProgress:
    """Shows label, bar, count and time of a loop on standard error, and clears the line afterwards.

    A label is a key under ``progress`` in the locales; one that is not there is shown as it is.
    """

    def __init__(self, lang: Lang) -> None:
        self._words = catalogue(lang)

    def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
        """Yield `items`, moving the bar by one for each."""
        if total is None and isinstance(items, Sized):
            total = len(items)
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
            task = bar.add_task(self._words.get(f"progress.{label}", label), total=total)
            for item in items:
                yield item
                bar.advance(task)
