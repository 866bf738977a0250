"""The companions of a node: who assembles, who reads, who sends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Lock

from prosvet.core.actor import Actor
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import ProsvetError
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.flow.assembly import assemble
from prosvet.hospital.flow.clock import now
from prosvet.hospital.flow.committing import committing
from prosvet.hospital.flow.deliver import Deliverer
from prosvet.hospital.flow.queue import Queue
from prosvet.hospital.flow.routes import sender
from prosvet.hospital.flow.signed import SignedResults
from prosvet.hospital.flow.worker import Worker
from prosvet.hospital.ledger.store import Ledger

__all__ = ["NODE", "pipeline"]

log = logging.getLogger(__name__)

NODE = Actor("node", "admin")
"""In whose name the pipeline works: it sees every study, and stands in the audit log."""

_TICK = 0.5  # seconds between two looks for exams that are whole
_RENEW = 15.0  # seconds between two renewals of leases


def pipeline(config: HospitalConfig, context: Context, workers: int) -> tuple[Callable[[Event], None], ...]:
    """See :func:`prosvet.hospital.flow.companions`."""
    own = context.child(actor=NODE, lang=config.results.lang)
    ledger, audit = own.get(Ledger), AuditLog.from_context(own)
    queue, sorting, free = Queue(ledger), Lock(), Event()
    senders = [(name, sender(name, config)) for name in dict.fromkeys(config.results.destinations)]
    working = [_after(free, Worker(queue, sorting, config, ledger, own)) for _ in range(workers)]
    sending = [
        Deliverer(ledger, name, one, audit, commit=committing(name, config, ledger, audit)) for name, one in senders
    ]
    signed = SignedResults(config, ledger, own)
    return (lambda stop: _keep(queue, free, ledger, config, stop), *working, signed, *sending)


def _keep(queue: Queue, free: Event, ledger: Ledger, config: HospitalConfig, stop: Event) -> None:
    """Free what a dead process had leased, let the workers begin, then assemble and renew until told to stop."""
    renewed = time.monotonic()
    while not stop.is_set():
        try:
            if not free.is_set():
                found = queue.recover()
                if found:
                    log.warning("%d exams were being worked on when the node ended; they are taken up again", found)
                free.set()
            assemble(ledger, config.routing, now())
            if time.monotonic() - renewed >= _RENEW:
                queue.renew()
                renewed = time.monotonic()
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
