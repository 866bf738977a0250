"""Runs the node, and what works beside it, until it is told to stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread, current_thread, main_thread

from prosvet.archive.database import file_lock
from prosvet.core.context import Context
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.facts import NodeFacts
from prosvet.hospital.node.node import DicomNode

__all__ = ["Companion", "run_node"]

log = logging.getLogger(__name__)

Companion = Callable[[Event], None]
"""Works beside the node until the event is set: the pipeline's worker, the sender of results."""


def run_node(
    config: HospitalConfig,
    context: Context,
    also: Sequence[Companion],
    opened: Callable[[str, int], None] | None,
    stop: Event | None,
) -> NodeFacts:
    """See :func:`prosvet.hospital.node.serve`."""
    end = stop or Event()
    ledger = context.get(Ledger)
    failures: list[BaseException] = []
    with file_lock(ledger.folder / "node.lock", wait=False), _signals(end):
        node = DicomNode(config, context, ledger)
        host, port = node.start()
        beside = [Thread(target=_guarded, args=(one, end, failures), daemon=True) for one in also]
        for thread in beside:
            thread.start()
        try:
            if opened is not None:
                opened(host, port)
            end.wait()
        finally:
            end.set()
            done = node.stop()
            for thread in beside:
                thread.join(timeout=60)
    if failures:
        raise failures[0]
    return done


def _guarded(work: Companion, end: Event, failures: list[BaseException]) -> None:
    """Run a companion; one that fails ends the node too, so that nobody believes it is at work."""
    try:
        work(end)
    except Exception as error:
        log.error("what works beside the node failed: %s", type(error).__name__, exc_info=True)
        failures.append(error)
        end.set()


@contextmanager
def _signals(end: Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set `end`; elsewhere than on the main thread signals are somebody else's."""
    if current_thread() is not main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: end.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
