"""Open readers, each loaded when first asked for and kept until the process or the command ends."""

from __future__ import annotations

from threading import Lock
from typing import Self

import numpy as np

from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.imaging.film import Film
from prosvet.models.vlm import Picture, Reader, open_reader
from prosvet.models.vlm.door import load_vlm_card

__all__ = ["Readers", "picture_of"]


class Readers:
    """One open reader a card."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: dict[str, Reader] = {}
        self._lock = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The readers of the context's archive."""
        return cls(context)

    def get(self, name: str) -> Reader:
        """The reader of the card `name`.

        Raises
        ------
        ModelNotFound, VlmError, MissingExtra
        """
        with self._lock:
            if name not in self._open:
                AuditLog.from_context(self._context).write("open_reader", model=name)
                self._open[name] = open_reader(name, self._context)
            return self._open[name]

    def tells_probabilities(self, name: str) -> bool:
        """Whether the model behind the card `name` says how sure it was of its words."""
        server = load_vlm_card(name, self._context.settings.home).server
        return server is None or server.logprobs

    def close(self) -> None:
        """Close every reader."""
        with self._lock:
            for reader in self._open.values():
                reader.close()
            self._open.clear()


def picture_of(film: Film, role: str = "frontal") -> Picture:
    """A film as a reader sees it: grey, upright, stretched by the door."""
    return Picture(pixels=np.asarray(film.pixels), role=role)
