"""From what was received to what is sent back: the pipeline and the outbox.

The end of a study (:mod:`~prosvet.hospital.flow.assembly`) makes an exam ready; workers lease it
(:mod:`~prosvet.hospital.flow.queue`), first for a quick pass that takes its films into the archive and sets its
priority (:mod:`~prosvet.hospital.flow.sorting`), then for reading and results (:mod:`~prosvet.hospital.flow.reading`).
State and results are one transaction (:mod:`~prosvet.hospital.flow.finishing`), so that a crash leaves each result in
the outbox once or not yet. Senders (:mod:`~prosvet.hospital.flow.deliver`) bring it to its destination.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from prosvet.core.context import Context
from prosvet.core.optional import require
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.flow.facts import FlowFacts, facts

__all__ = ["FlowFacts", "companions", "facts"]


def companions(config: HospitalConfig, context: Context, *, workers: int = 2) -> tuple[Callable[[Event], None], ...]:
    """What works beside the node: one that assembles, `workers` processes that read, and a sender for each destination.

    Each runs on a thread of its own until its event is set, see :func:`prosvet.hospital.node.serve`. One process at a
    time runs them over a home (the node's lock sees to that): exams that another one had leased are free again.

    Raises
    ------
    MissingExtra
    InvalidSettings
        When a destination has no sender.
    """
    for package in ("pynetdicom", "highdicom"):
        require(package, "hospital")
    from prosvet.hospital.flow.pipeline import pipeline

    return pipeline(config, context, workers)
