"""``python flow_points.py HOME [POINT]``: work and send until nothing is left, or be killed at a named point.

The points are wrapped from outside, here; the program knows nothing of them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.settings import load_settings
from prosvet.hospital.config import load_config
from prosvet.hospital.flow import finishing, worker
from prosvet.hospital.flow.assembly import assemble
from prosvet.hospital.flow.deliver import Deliverer
from prosvet.hospital.flow.member import Turn
from prosvet.hospital.flow.outbox import Outbox
from prosvet.hospital.flow.queue import Queue
from prosvet.hospital.flow.routes import sender
from prosvet.hospital.flow.worker import Worker
from prosvet.hospital.ledger.store import Ledger

__all__ = ["POINTS"]


def _die(*_: object, **__: object) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _then_die(whole: Callable[..., Any]) -> Callable[..., Any]:
    def both(*given: Any, **named: Any) -> Any:
        whole(*given, **named)
        _die()

    return both


POINTS: dict[str, tuple[object, str, Callable[[Callable[..., Any]], Callable[..., Any]]]] = {
    "films in the archive, the ledger does not know": (worker, "finish_sorting", lambda _: _die),
    "sorted": (worker, "finish_sorting", _then_die),
    "results are files, no row names them": (worker, "finish", lambda _: _die),
    "within the transaction of results": (finishing, "_row", lambda _: _die),
    "results wait": (worker, "finish", _then_die),
    "the peer has it, the ledger does not know": (Outbox, "answered", lambda _: _die),
    "sent": (Outbox, "answered", _then_die),
}


def main(home: str, point: str | None) -> None:
    """Do it."""
    if point is not None:
        place, name, wrapped = POINTS[point]
        setattr(place, name, wrapped(getattr(place, name)))
    with Context(load_settings({}, home=Path(home), threads=1)) as context:
        ledger, config = context.get(Ledger), load_config(context)
        queue = Queue(ledger)
        queue.recover()
        assemble(ledger, config.routing, now())
        works = Worker(queue, Turn(ledger.folder / "turn"), config, ledger, context)
        while works.turn():
            pass
        sends = Deliverer(ledger, "pacs", sender("pacs", config), AuditLog.from_context(context))
        while sends.turn():
            pass


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
