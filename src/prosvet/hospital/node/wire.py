"""The wire under pynetdicom, with bounds: on the length of a PDU, on time, on connections, on what memory holds.

The library reads four kilobytes at a time, believes any length, waits for ever, keeps an object in memory, and shakes
hands (TLS) on the thread that accepts connections. Each class here replaces one of its parts and one of these habits.
"""

from __future__ import annotations

import logging
import select
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any, Protocol

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.fsm import StateMachine
from pynetdicom.transport import AssociationSocket, RequestHandler, ThreadedAssociationServer

from prosvet.hospital.node.spool import Head, Spool, SpoolFolder

if TYPE_CHECKING:
    from pynetdicom.ae import ApplicationEntity
    from pynetdicom.association import Association
    from pynetdicom.events import EventHandlerType
    from pynetdicom.pdu_primitives import P_DATA
    from pynetdicom.presentation import PresentationContext

__all__ = ["BoundedSocket", "Door", "Server", "SpoolingDimse"]

log = logging.getLogger(__name__)

_LONGEST_PDU = 256 * 1024  # bytes: an A-ASSOCIATE-RQ with 128 contexts is shorter
_LONGEST_COMMAND = 64 * 1024
_HANDSHAKE = 10.0  # seconds
_QUIET, _NAP = 0.5, 0.02  # after so long a silence the wire is looked at every so often


class Door(Protocol):
    """What the wire asks of the node."""

    max_pdu: int
    max_object_bytes: int
    idle_timeout: float
    spool: SpoolFolder
    stopping: bool

    def may_connect(self, address: str) -> bool: ...
    def opened(self, association: Association) -> None: ...
    def shaking(self, change: int) -> None: ...
    def refuse(self, reason: str, association: Association | None = None) -> None: ...


class BoundedSocket(AssociationSocket):
    """A socket that reads a whole PDU at once, of a bounded length and in a bounded time."""

    def __init__(self, association: Association, client: socket.socket, door: Door) -> None:
        super().__init__(association, client_socket=client)
        self._door = door
        self._heard = time.monotonic()

    @property
    def ready(self) -> bool:
        """Whether there is something to read. After a silence it waits a little, so as not to burn the processor."""
        if self.socket is None or not self._is_connected:
            return False
        queues = self.assoc.dul
        quiet = time.monotonic() - self._heard > _QUIET
        wait = _NAP if quiet and queues.event_queue.empty() and queues.to_provider_queue.empty() else 0
        if isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
            return True
        try:
            readable, _, _ = select.select([self.socket], [], [], wait)
        except (OSError, ValueError):  # closed under our hands
            self.event_queue.put("Evt17")
            return False
        return bool(readable)

    def recv(self, nr_bytes: int) -> bytearray:
        """Read `nr_bytes`; fewer where the peer closes the connection.

        Raises
        ------
        OSError
            When that is more than a PDU may have, or does not come in time.
        """
        if nr_bytes > max(self._door.max_pdu, _LONGEST_PDU):
            self._door.refuse("pdu_too_long", self.assoc)
            raise OSError("PDU longer than agreed")
        wire = self.socket
        if wire is None:
            raise OSError("connection is closed")
        buffer = bytearray(nr_bytes)
        view, got = memoryview(buffer), 0
        self._heard = time.monotonic()
        deadline = self._heard + self._door.idle_timeout
        while got < nr_bytes:
            wire.settimeout(max(0.001, deadline - time.monotonic()))
            read = wire.recv_into(view[got:])
            if not read:
                return bytearray(view[:got])
            got += read
        return buffer


class _States(StateMachine):
    """The library's states; a piece that comes out of turn ends the association, and not the thread by an error."""

    def __init__(self, association: Association, door: Door) -> None:
        super().__init__(association.dul)
        self._association, self._door = association, door

    def do_action(self, event: str) -> None:
        """Act on `event`."""
        try:
            super().do_action(event)
        except Exception as error:  # the edge: a stranger's order of events in the library's table
            log.info("a message out of turn: %s", type(error).__name__)
            self._door.refuse("bad_message", self._association)
            self.dul.kill_dul()


class SpoolingDimse(DIMSEServiceProvider):
    """Lets objects flow into their files, and ends what is no conversation."""

    def __init__(self, association: Association, door: Door) -> None:
        super().__init__(association)
        self._door = door
        self.current: Spool | None = None
        self.since = time.monotonic()

    def receive_primitive(self, primitive: P_DATA) -> None:
        """Take one piece of a message."""
        if self.message is None and not self._begin():
            return
        try:
            super().receive_primitive(primitive)
        except Exception as error:  # the edge: bytes of a stranger in a library's decoder, which may raise anything
            log.info("a message could not be decoded: %s", type(error).__name__)
            self._end("bad_message")
            return
        message = self.message
        if message is None:
            self.current = None
        elif message.encoded_command_set.tell() > _LONGEST_COMMAND:
            self._end("bad_message")
        elif self.current is not None and self.current.overflow:
            self._end("object_too_large")

    def _begin(self) -> bool:
        if self._door.stopping:
            self._end("stopping")
            return False
        if self.msg_queue.qsize() > 1:  # nobody may send a second request before the answer to the first
            self._end("bad_message")
            return False
        message = DIMSEMessage()
        self.current = Spool(self._door.spool, lambda: _head(message, self.assoc), self._door.max_object_bytes)
        message.data_set = self.current
        self.message, self.since = message, time.monotonic()
        return True

    def _end(self, reason: str) -> None:
        """Abort the association: what comes next on it cannot be understood."""
        self._door.refuse(reason, self.assoc)
        self.discard()
        self.message = None
        self.dul.event_queue.put("Evt19")

    def discard(self) -> None:
        """Throw away what has come of an object."""
        current, self.current = self.current, None
        if current is not None:
            current.discard()


def _head(message: DIMSEMessage, association: Association) -> Head | None:
    """What the command said, when it asks to store an object; None for any other message."""
    if not isinstance(message, C_STORE_RQ):
        return None
    context = association._accepted_cx[message.context_id]  # type: ignore[index]
    command = message.command_set
    return Head(
        str(command.AffectedSOPClassUID),
        str(command.AffectedSOPInstanceUID),
        str(context.transfer_syntax[0]),
        association.requestor.ae_title.strip(),
    )


class _Handler(RequestHandler):
    """Gives each association the bounded parts."""

    server: Server

    def handle(self) -> None:
        """Start the association."""
        association = self._create_association()
        association.start()

    def _create_association(self) -> Association:
        association, door = super()._create_association(), self.server.door
        association.dul.event_queue.get_nowait()  # the announcement of the library's own socket; ours makes its own
        association.dul.socket = BoundedSocket(association, self.request, door)
        association.dul.state_machine = _States(association, door)
        association.dimse = SpoolingDimse(association, door)
        door.opened(association)
        return association


class Server(ThreadedAssociationServer):
    """Accepts connections of known addresses, so many at once, and shakes hands with each on its own thread."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        entity: ApplicationEntity,
        place: tuple[str, int],
        contexts: list[PresentationContext],
        handlers: list[EventHandlerType],
        door: Door,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.door, self._tls = door, tls
        super().__init__(entity, place, entity.ae_title, contexts, evt_handlers=handlers, request_handler=_Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept, and nothing that could wait."""
        client, address = self.socket.accept()  # type: ignore[union-attr]
        client.settimeout(_HANDSHAKE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client, address

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether to talk at all."""
        return self.door.may_connect(str(client_address[0]))

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread; it is counted before that has begun."""
        self.door.shaking(1)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Shake hands, then serve."""
        try:
            if self._tls is not None:
                request = self._tls.wrap_socket(request, server_side=True)
            super().process_request_thread(request, client_address)
        except OSError:  # a failed handshake is one
            self.door.refuse("tls")
            self.shutdown_request(request)
        finally:
            self.door.shaking(-1)
