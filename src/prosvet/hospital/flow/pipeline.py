"""The companions of a node: who assembles, who reads, who sends."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import ProsvetError
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.flow.assembly import assemble
from prosvet.hospital.flow.committing import committing
from prosvet.hospital.flow.crew import Crew
from prosvet.hospital.flow.deliver import Deliverer
from prosvet.hospital.flow.member import NODE
from prosvet.hospital.flow.queue import Queue
from prosvet.hospital.flow.routes import sender
from prosvet.hospital.flow.signed import SignedResults
from prosvet.hospital.ledger.store import Ledger

__all__ = ["pipeline"]

log = logging.getLogger(__name__)

_TICK = 0.5  # seconds between two looks for exams that are whole


def pipeline(config: HospitalConfig, context: Context, workers: int) -> tuple[Callable[[Event], None], ...]:
    """See :func:`prosvet.hospital.flow.companions`."""
    own = context.child(actor=NODE, lang=config.results.lang)
    ledger, audit = own.get(Ledger), AuditLog.from_context(own)
    queue, free = Queue(ledger), Event()
    senders = [(name, sender(name, config)) for name in dict.fromkeys(config.results.destinations)]
    working = _after(free, Crew(queue, config, context.settings, workers))
    sending = [
        Deliverer(ledger, name, one, audit, commit=committing(name, config, ledger, audit)) for name, one in senders
    ]
    signed = SignedResults(config, ledger, own)
    return (lambda stop: _keep(queue, free, ledger, config, stop), working, signed, *sending)


def _keep(queue: Queue, free: Event, ledger: Ledger, config: HospitalConfig, stop: Event) -> None:
    """Free what a dead node's workers had leased, let ours begin, then assemble until told to stop."""
    while not stop.is_set():
        try:
            if not free.is_set():
                found = queue.recover()
                if found:
                    log.warning("%d exams were being worked on when the node ended; they are taken up again", found)
                free.set()
            assemble(ledger, config.routing, now())
        except (ProsvetError, OSError) as error:
            log.error("the ledger cannot be written: %s", type(error).__name__)
        stop.wait(_TICK)


def _after(begin: Event, work: Callable[[Event], None]) -> Callable[[Event], None]:
    """`work`, once `begin` is set."""

    def waiting(stop: Event) -> None:
        while not stop.is_set() and not begin.wait(_TICK):
            pass
        work(stop)

    return waiting
