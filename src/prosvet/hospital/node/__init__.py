"""The DICOM node: C-ECHO, C-STORE and storage commitment for others. "Success" means kept for good.

Objects are taken as they come and decoded by nobody here: :mod:`~prosvet.hospital.node.wire` bounds what a stranger
may do, :mod:`~prosvet.hospital.node.spool` writes, :mod:`~prosvet.hospital.node.identify` reads the few identifiers,
:mod:`~prosvet.hospital.node.keeper` makes it durable, :mod:`~prosvet.hospital.node.node` holds it together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from prosvet.core.context import Context
from prosvet.core.optional import require
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.node.facts import NodeFacts, facts

__all__ = ["NodeFacts", "facts", "serve"]


def serve(
    config: HospitalConfig,
    context: Context,
    also: Sequence[Callable[[Event], None]] = (),
    *,
    opened: Callable[[str, int], None] | None = None,
    stop: Event | None = None,
) -> NodeFacts:
    """Receive until SIGTERM, SIGINT or `stop`; objects in flight are kept before it ends.

    Parameters
    ----------
    config : HospitalConfig
    context : Context
        Of the home to keep objects in; one node at a time serves a home.
    also : sequence of callable
        What works beside the node, each on a thread of its own, until the event that it is given is set. One that
        raises stops the node, and its error is raised here.
    opened : callable, optional
        Told host and port once the node listens.
    stop : threading.Event, optional
        Set by whoever wants it to end.

    Returns
    -------
    NodeFacts
        What was received and refused.

    Raises
    ------
    MissingExtra, AlreadyRunning, AddressTaken, InvalidSettings
    """
    require("pynetdicom", "hospital")
    from prosvet.hospital.node.service import run_node

    return run_node(config, context, also, opened, stop)
