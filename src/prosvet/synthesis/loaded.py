"""The generator in memory: one at a time, another takes its place when asked for, gone when memory is short."""

from __future__ import annotations

import resource
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Self

from prosvet.core.context import Context
from prosvet.core.errors import SynthesisError
from prosvet.core.types import Frozen
from prosvet.synthesis.card import GeneratorCard
from prosvet.synthesis.door import Generator, card_of, generator_of
from prosvet.synthesis.sdxl.card import SdxlCard
from prosvet.synthesis.sdxl.memory import device_memory, freed
from prosvet.synthesis.sdxl.places import adapter_path

__all__ = ["DEFAULT", "Loaded", "LoadedState"]

DEFAULT = "compact-generator"


class LoadedState(Frozen):
    """What is in memory: the generator's name and revision (None: nothing yet), its adapter, and bytes.

    ``process`` and ``peak`` are what the process holds and held at most; ``device`` and ``device_peak`` the same on a
    GPU, 0 where there is none.
    """

    name: str | None
    revision: str | None
    adapter: str | None = None
    weights: int
    process: int
    peak: int
    device: int = 0
    device_peak: int = 0


class Loaded:
    """The one generator that is loaded. It is kept until another is asked for or its card has changed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = RLock()
        self._held: tuple[GeneratorCard | SdxlCard, Generator] | None = None

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """Nothing is loaded before it is asked for."""
        return cls(context)

    @contextmanager
    def using(self, name: str, adapter: str = "", context: Context | None = None) -> Iterator[Generator]:
        """The generator `name` while one picture is made; one at a time. Out of memory, it is let go of.

        `adapter` is one of its card or a file, which `context`, the request's, may or may not name.

        Raises
        ------
        ModelNotFound, ModelError
            The generator that was there before stays.
        SynthesisError
            Out of memory; an adapter that does not fit, and what was worn before stays.
        """
        with self._lock:
            try:
                generator = self._get(name)
                self._dress(generator, adapter, context or self._context)
                yield generator
                return
            except MemoryError as error:
                short: BaseException | None = error
                while short is not None:  # what its frames still hold is the very memory that is short
                    traceback.clear_frames(short.__traceback__)
                    short = short.__context__
            self.free()
            raise SynthesisError(reason="out_of_memory")

    def _get(self, name: str) -> Generator:
        card = card_of(name, self._context.settings.home)
        if self._held is not None and self._held[0] == card:
            return self._held[1]
        made = generator_of(card, self._context)
        self.free()
        self._held = (card, made)
        return made

    def _dress(self, generator: Generator, adapter: str, context: Context) -> None:
        card = generator.card
        if isinstance(card, SdxlCard):
            generator.wear(adapter_path(adapter, card, context))
        elif adapter not in ("", "none"):
            raise SynthesisError(reason="no_adapters", name=card.name)

    def free(self) -> None:
        """Let go of what is loaded."""
        with self._lock:
            if self._held is not None:
                self._held[1].close()
            self._held = None
            freed()

    def close(self) -> None:
        """With the context."""
        self.free()

    def state(self) -> LoadedState:
        """What is in memory now."""
        held = self._held
        card = held[0] if held else None
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        device, device_peak = device_memory()
        return LoadedState(
            name=card.name if card else None,
            revision=card.revision if card else None,
            adapter=held[1].adapter if held else None,
            weights=sum(file.bytes for file in card.files.values()) if card else 0,
            process=_resident() or peak,
            peak=peak,
            device=device,
            device_peak=device_peak,
        )


def _resident() -> int:
    """Bytes of this process in memory, where the system tells; else 0."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:
            return int(stream.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
