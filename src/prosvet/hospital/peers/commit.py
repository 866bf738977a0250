"""Storage commitment, asking: whether a peer answers for the objects that it took.

The peer tells it over the same association or, later, over one of its own to us: then we listen for it, on the
address that the peer has for our AE title. That is the node's port where a node runs; :func:`ask` takes another.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Event
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity

from prosvet.core.errors import AddressTaken, PeerUnreachable
from prosvet.hospital.config import Peer
from prosvet.hospital.node.tls import server_context
from prosvet.hospital.peers.link import associated, context, status_of

if TYPE_CHECKING:
    from pynetdicom.events import Event as DicomEvent
    from pynetdicom.events import EventHandlerType
    from pynetdicom.transport import ThreadedAssociationServer

__all__ = ["Committed", "ask", "new_transaction", "report_of", "request"]

log = logging.getLogger(__name__)

COMMITMENT, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
_NOT_OURS = 0x0110  # of a report on a request that we did not make


@dataclass(frozen=True, slots=True)
class Committed:
    """What the peer answers for.

    Attributes
    ----------
    kept : frozenset of str
        SOPInstanceUIDs.
    failed : dict of str to int
        SOPInstanceUID to the failure reason (PS3.3, C.14.1.1).
    """

    kept: frozenset[str]
    failed: dict[str, int]


def ask(
    peer: Peer,
    objects: Sequence[tuple[str, str]],
    calling: str = "PROSVET",
    *,
    listen: tuple[str, int] | None = None,
    wait: float = 30.0,
) -> Committed:
    """Ask for `objects` (class and instance), and wait for the answer.

    Parameters
    ----------
    listen : tuple of str and int, optional
        Where to take an answer that comes over an association of the peer's. Only from its own AE title.
    wait : float
        Seconds, after the request was taken.

    Raises
    ------
    PeerUnreachable
        When no answer comes in time: it may keep them, and may be asked again.
    PeerError
        When it does not do this.
    AddressTaken
    """
    transaction, told = new_transaction(), Queue[Committed]()

    def heard(report: Dataset) -> bool:
        if str(report.get("TransactionUID", "")) != transaction:
            return False
        told.put(report_of(report, {uid for _, uid in objects}))
        return True

    server = _listening(peer, calling, listen, heard) if listen else None
    try:
        request(peer, transaction, objects, heard, calling, linger=0.0 if server else wait)
        return told.get(timeout=wait if server else 0.1)
    except Empty:
        raise PeerUnreachable(peer=peer.name, reason="no_commitment") from None
    finally:
        if server is not None:
            server.shutdown()
            server.server_close()


def new_transaction() -> str:
    """The name of a new request."""
    return f"2.25.{uuid.uuid4().int}"


def request(
    peer: Peer,
    transaction: str,
    objects: Sequence[tuple[str, str]],
    heard: Callable[[Dataset], bool],
    calling: str = "PROSVET",
    *,
    linger: float = 5.0,
    timeout: float = 60.0,
) -> bool:
    """Ask for `objects`, and stay on the association for `linger` seconds in case the answer comes over it.

    Parameters
    ----------
    heard : callable
        Given each report; says whether it is one that we wait for.

    Returns
    -------
    bool
        Whether the answer came. The peer has taken the request in any case.

    Raises
    ------
    PeerUnreachable, PeerError
    """
    came = Event()

    def take(event: DicomEvent) -> tuple[int, None]:
        if not heard(event.event_information):
            return _NOT_OURS, None
        came.set()
        return 0x0000, None

    handlers: list[EventHandlerType] = [(evt.EVT_N_EVENT_REPORT, take)]
    with associated(peer, calling, [context(COMMITMENT)], handlers=handlers, timeout=timeout) as association:
        answer, _ = association.send_n_action(_request(transaction, objects), 1, UID(COMMITMENT), UID(INSTANCE))
        status_of(answer, peer)
        until = time.monotonic() + linger
        while not came.wait(0.05) and time.monotonic() < until and association.is_established:
            pass
    return came.is_set()


def report_of(report: Dataset, asked: set[str]) -> Committed:
    """What a report says of the objects that were asked for; others in it are passed over."""
    kept = {str(one.get("ReferencedSOPInstanceUID", "")) for one in report.get("ReferencedSOPSequence") or []}
    failed = {
        str(one.get("ReferencedSOPInstanceUID", "")): int(one.get("FailureReason") or 0x0110)
        for one in report.get("FailedSOPSequence") or []
    }
    return Committed(
        frozenset((kept & asked) - failed.keys()), {uid: why for uid, why in failed.items() if uid in asked}
    )


def _request(transaction: str, objects: Sequence[tuple[str, str]]) -> Dataset:
    made = Dataset()
    made.TransactionUID = transaction
    made.ReferencedSOPSequence = []
    for sop_class, sop_uid in objects:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = UID(sop_class), UID(sop_uid)
        made.ReferencedSOPSequence.append(item)
    return made


def _listening(
    peer: Peer, calling: str, place: tuple[str, int], heard: Callable[[Dataset], bool]
) -> ThreadedAssociationServer:
    def take(event: DicomEvent) -> tuple[int, None]:
        return (0x0000 if heard(event.event_information) else _NOT_OURS), None

    entity = ApplicationEntity(calling)
    entity.require_called_aet = True
    entity.require_calling_aet = [peer.aet]
    entity.maximum_associations = 2
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
    entity.add_supported_context(COMMITMENT, scu_role=True, scp_role=True)
    secured = server_context(peer.tls) if peer.tls is not None else None
    try:
        server = entity.start_server(
            place, block=False, ssl_context=secured, evt_handlers=[(evt.EVT_N_EVENT_REPORT, take)]
        )
    except OSError as error:
        raise AddressTaken(host=place[0], port=place[1], reason=error.strerror or type(error).__name__) from None
    if server is None:
        raise RuntimeError("a server that does not block was not returned")
    return server
