"""Queries to begin with, in the user's language: those that find something in the archive at hand."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Self

from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.i18n import catalogue
from prosvet.search.members import members
from prosvet.search.query import parse_query

__all__ = ["Example", "Examples"]

_SHOWN = 9
_FEWEST = 3  # studies that an example should find


@dataclass(frozen=True)
class Example:
    """A query and how many studies meet it."""

    text: str
    studies: int


class Examples:
    """Counted once for each state of the archive, language and person."""

    def __init__(self) -> None:
        self._held: dict[tuple[int, str, str], list[Example]] = {}
        self._lock = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """One for the process."""
        return cls()

    def of(self, context: Context) -> list[Example]:
        """At most nine, in the order of the locale."""
        key = (context.get(Store).version(), context.lang, context.actor.name)
        with self._lock:
            found = self._held.get(key)
            if found is None:
                if any(held[0] != key[0] for held in self._held):
                    self._held.clear()
                found = self._held[key] = list(self._counted(context))
        return found

    @staticmethod
    def _counted(context: Context) -> list[Example]:
        words = catalogue(context.lang)
        texts = [words[key] for key in sorted(words) if key.startswith("search_page.examples.")]
        counted = [Example(text, len(members(parse_query(text, "", context.lang), context))) for text in texts]
        return [example for example in counted if example.studies >= _FEWEST][:_SHOWN]
