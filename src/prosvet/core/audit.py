"""The audit log: one JSON line an event, each carrying the hash of the line before it.

A line that is changed or taken away breaks the chain, and :func:`verify` names the first broken line.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

from prosvet.core.context import Context

__all__ = ["AuditLog", "verify"]

_FIRST = "0" * 64
_TAIL = 65536  # bytes; one line is far shorter


@dataclass(frozen=True)
class AuditLog:
    """Append-only log at `path`; patient identity is never written, only study and image ids.

    ``by`` is the name of who does it, in every line.
    """

    path: Path
    by: str = "local"

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The log of the context's archive, in the name of its actor."""
        return cls(context.settings.home / "audit.jsonl", context.actor.name)

    def write(self, event: str, **facts: str | int | float | bool) -> None:
        """Append one event, durable on return; safe with several processes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            body = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, "by": self.by, **facts,
                    "previous": _last_hash(stream)}  # fmt: skip
            body["hash"] = _digest(body)
            stream.write(json.dumps(body, ensure_ascii=False).encode() + b"\n")
            stream.flush()
            # Durable before we return, but not while others wait for their turn: one sync serves all lines before it.
            fcntl.flock(stream, fcntl.LOCK_UN)
            os.fsync(stream.fileno())


def _last_hash(stream: BinaryIO) -> str:
    stream.seek(0, os.SEEK_END)
    size = stream.tell()
    stream.seek(max(0, size - _TAIL))
    tail = stream.read()
    whole = tail[: tail.rfind(b"\n") + 1]
    if len(whole) < len(tail):
        # A line without its end was never acknowledged: the machine stopped while it was written.
        stream.truncate(size - len(tail) + len(whole))
    return str(json.loads(whole.splitlines()[-1])["hash"]) if whole else _FIRST


def _digest(body: Mapping[str, object]) -> str:
    clean = {key: value for key, value in body.items() if key != "hash"}
    return hashlib.sha256(json.dumps(clean, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def verify(path: Path) -> int | None:
    """The number (from 1) of the first line that does not fit the chain, or ``None`` when all fit."""
    previous = _FIRST
    if not path.exists():
        return None
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            body = json.loads(line)
        except ValueError:
            return number
        if body.get("previous") != previous or body.get("hash") != _digest(body):
            return number
        previous = body["hash"]
    return None
