"""What the node has done and refused: counted while it runs, kept in a small file for whoever asks (``/metrics``)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from pydantic import Field, ValidationError

from prosvet.archive.files import write_whole
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.types import Frozen, Moment

__all__ = ["FILE", "Counts", "NodeFacts", "facts"]

FILE = "node.json"
_FRESH = 30.0  # seconds: a running node writes far more often


class NodeFacts(Frozen):
    """Counts since the node was started.

    Attributes
    ----------
    running : bool
        It has written these facts within half a minute, and has not said that it stopped.
    repeated : int
        Objects that were there already, with the same content.
    queries, given : int
        Queries of other systems that were answered; objects that were given to them.
    refused : dict of str to int
        By reason (:data:`prosvet.hospital.node.refusals.REASONS`).
    """

    at: Moment
    running: bool
    associations: int = 0
    associations_now: int = 0
    received: int = 0
    received_bytes: int = 0
    repeated: int = 0
    echoes: int = 0
    commitments: int = 0
    queries: int = 0
    given: int = 0
    refused: dict[str, int] = Field(default_factory=dict)


class Counts:
    """The counters of a running node; safe with threads."""

    def __init__(self) -> None:
        self._lock, self._numbers, self._refused = Lock(), Counter[str](), Counter[str]()
        self._untold: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, number: int = 1) -> None:
        """Add to the counter `name`, a field of :class:`NodeFacts`."""
        with self._lock:
            self._numbers[name] += number

    def refuse(self, reason: str, address: str) -> None:
        """One refusal more, of whoever calls from `address`."""
        with self._lock:
            self._refused[reason] += 1
            self._untold[reason, address] += 1

    def untold(self) -> dict[tuple[str, str], int]:
        """Refusals since this was last asked, by reason and address."""
        with self._lock:
            untold, self._untold = dict(self._untold), Counter()
        return untold

    def facts(self, associations_now: int, *, running: bool) -> NodeFacts:
        """As they stand."""
        with self._lock:
            return NodeFacts(
                at=now(),
                running=running,
                associations_now=associations_now,
                refused=dict(self._refused),
                **self._numbers,
            )

    def write(self, folder: Path, associations_now: int, *, running: bool) -> None:
        """Write them where :func:`facts` looks; whole or not at all.

        Raises
        ------
        DiskFull
        """
        write_whole(folder / FILE, [self.facts(associations_now, running=running).model_dump_json().encode()])


def facts(context: Context) -> NodeFacts | None:
    """What the node of the context's home says of itself; None where none has run, or its file is damaged."""
    try:
        found = NodeFacts.model_validate(json.loads((context.settings.home / "hospital" / FILE).read_bytes()))
    except (FileNotFoundError, json.JSONDecodeError, ValidationError):
        return None
    at = found.at.replace(tzinfo=UTC)
    fresh = (datetime.now(UTC) - at).total_seconds() < _FRESH
    return found.model_copy(update={"running": found.running and fresh})
