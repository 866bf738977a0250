"""The generator in memory: one at a time, another takes its place when asked for, gone when memory is short."""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Self

from prosvet.core.context import Context
from prosvet.core.errors import SynthesisError
from prosvet.core.types import Frozen
from prosvet.models.text import SentenceEncoder
from prosvet.synthesis.card import GeneratorCard, load_generator_card
from prosvet.synthesis.make import CompactGenerator

__all__ = ["DEFAULT", "Loaded", "LoadedState"]

DEFAULT = "compact-generator"


class LoadedState(Frozen):
    """What is in memory: the generator's name and revision (None: nothing yet), and what the process holds, bytes."""

    name: str | None
    revision: str | None
    weights: int
    process: int
    peak: int


class Loaded:
    """The one generator that is loaded. It is kept until another is asked for or its card has changed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = RLock()
        self._held: tuple[GeneratorCard, CompactGenerator] | None = None

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """Nothing is loaded before it is asked for."""
        return cls(context)

    @contextmanager
    def using(self, name: str) -> Iterator[CompactGenerator]:
        """The generator `name` while one picture is made; one at a time. Out of memory, it is let go of.

        Raises
        ------
        ModelNotFound, ModelError
            The generator that was there before stays.
        SynthesisError
            Out of memory.
        """
        with self._lock:
            try:
                yield self._get(name)
            except MemoryError:
                self.free()
                raise SynthesisError(reason="out_of_memory") from None

    def _get(self, name: str) -> CompactGenerator:
        card = load_generator_card(name, self._context.settings.home)
        if self._held is not None and self._held[0] == card:
            return self._held[1]
        made = CompactGenerator(card, self._context.settings.threads, self._context.get(SentenceEncoder))
        self.free()
        self._held = (card, made)
        return made

    def free(self) -> None:
        """Let go of what is loaded."""
        with self._lock:
            self._held = None
            gc.collect()

    def close(self) -> None:
        """With the context."""
        self.free()

    def state(self) -> LoadedState:
        """What is in memory now."""
        card = self._held[0] if self._held else None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return LoadedState(
            name=card.name if card else None,
            revision=card.revision if card else None,
            weights=sum(file.bytes for file in card.files.values()) if card else 0,
            process=_resident() or peak,
            peak=peak,
        )


def _resident() -> int:
    """Bytes of this process in memory, where the system tells; else 0."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:
            return int(stream.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
