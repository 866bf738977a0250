"""The node: a port, those who are on it, and the rules they keep."""

from __future__ import annotations

import logging
import socket
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Event as Flag
from threading import Lock, Thread
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom._handlers import (
    standard_dimse_recv_handler,
    standard_dimse_sent_handler,
    standard_pdu_recv_handler,
    standard_pdu_sent_handler,
)
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import A_ASSOCIATE

from prosvet.archive.deidentify import Deidentifier
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import AddressTaken, ProsvetError
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.admission import Admission, Right
from prosvet.hospital.node.classes import contexts
from prosvet.hospital.node.commitment import Commitment
from prosvet.hospital.node.committed import settle
from prosvet.hospital.node.facts import Counts, NodeFacts
from prosvet.hospital.node.keeper import Keeper
from prosvet.hospital.node.providing import Providing
from prosvet.hospital.node.refusals import Refusal
from prosvet.hospital.node.spool import SpoolFolder
from prosvet.hospital.node.storing import Storing
from prosvet.hospital.node.tls import server_context
from prosvet.hospital.node.wire import Server, SpoolingDimse
from prosvet.imaging.naming import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.events import Event, EventHandlerType

__all__ = ["DicomNode"]

log = logging.getLogger(__name__)

_SPARE = 8  # connections above the limit, so that who comes too many is told so
_ROUND = 0.5  # seconds between two rounds of the watch
_WRITE_EVERY = 5.0
_AUDIT_EVERY = 60.0  # seconds: a flood of refusals of one kind is one line a minute
_GRACE = 20.0  # seconds for objects in flight when the node stops
_CONNECT = 10.0  # seconds until the destination of a C-MOVE has to be reached
_PROCESSING_FAILURE = 0x0110
_FAREWELL = 0.1  # seconds for an A-ABORT to leave

_REJECTIONS = {
    "called_aet": (0x01, 0x01, 0x07),
    "calling_aet": (0x01, 0x01, 0x03),
    "address": (0x01, 0x01, 0x01),
    "too_many_associations": (0x02, 0x03, 0x02),
    "stopping": (0x02, 0x03, 0x01),
}
"""Result, source and diagnostic of PS3.8, 9.3.4."""


@dataclass
class _Visit:
    began: float
    let_in: bool = False
    storing: bool = False
    cut: bool = False


def _hush() -> None:
    """Keep the libraries from quoting what strangers send: UIDs, names. Refusals are counted and logged here."""
    for name in ("pynetdicom", "pydicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")


class DicomNode:
    """A DICOM node on one port: :meth:`start`, and :meth:`stop` when the objects in flight are kept."""

    def __init__(self, config: HospitalConfig, context: Context, ledger: Ledger) -> None:
        node = config.node
        self.max_pdu, self.max_object_bytes, self.idle_timeout = node.max_pdu, node.max_object_bytes, node.idle_timeout
        self.stopping = False
        self._node, self._ledger = node, ledger
        self.counts = Counts()
        self.spool = SpoolFolder(ledger.folder / "spool", node.max_spool_bytes)
        self._audit = AuditLog.from_context(context)
        self._audited: dict[tuple[str, str], float] = {}
        self._pending: dict[tuple[str, str], int] = {}
        self._keeper = Keeper(ledger, self._audit, timedelta(minutes=config.results.deadline_minutes))
        names = Deidentifier.from_context(context)
        self._storing = Storing(self._keeper, ledger.files, names, config.routing, self.counts)
        self._commitment = Commitment(ledger, config, self.counts)
        self._admission = Admission(config)
        self._providing = Providing(ledger, config, self._admission, names, self._audit, self.counts)
        self._visits: dict[Association, _Visit] = {}
        self._shaking, self._lock = 0, Lock()
        self._tls = server_context(node.tls) if node.tls is not None else None
        self._contexts, self._for_queriers = contexts(node), contexts(node, queried=True)
        self._ended = Flag()
        self._server: Server | None = None
        self._threads: list[Thread] = []

    # ---------------------------------------------------------------- from start to stop

    def start(self) -> tuple[str, int]:
        """Listen; returns the address and the port.

        Raises
        ------
        AddressTaken
        """
        _hush()
        self.spool.clean()
        self._keeper.start()
        server = self._server = self._listen()
        for work in (lambda: server.serve_forever(0.2), self._watch, self._catalogue):
            thread = Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)
        host, port = server.server_address[:2]
        self.counts.write(self._ledger.folder, 0, running=True)
        self._audit.write("node.started", aet=self._node.aet, host=str(host), port=int(port), tls=self._tls is not None)
        return str(host), int(port)

    def _listen(self) -> Server:
        node = self._node
        entity = ApplicationEntity(node.aet)
        entity.maximum_pdu_size = node.max_pdu
        entity.maximum_associations = node.max_associations + 2 * _SPARE  # the limit is ours: :meth:`_requested`
        entity.acse_timeout = min(30.0, node.idle_timeout)
        entity.dimse_timeout = entity.network_timeout = node.idle_timeout
        entity.connection_timeout = _CONNECT
        entity.implementation_class_uid = IMPLEMENTATION_UID
        entity.implementation_version_name = IMPLEMENTATION_VERSION
        handlers: list[EventHandlerType] = [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_C_ECHO, self._echo),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_N_ACTION, self._commit),
            (evt.EVT_N_EVENT_REPORT, self._reported),
            (evt.EVT_C_FIND, self._providing.find),
            (evt.EVT_C_MOVE, self._providing.move),
            (evt.EVT_C_GET, self._providing.get),
        ]
        place = (node.host, node.port)
        try:
            server = Server(entity, place, self._contexts, handlers, self, self._tls)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise AddressTaken(host=node.host, port=node.port, reason=reason) from None
        entity._servers.append(server)
        # They format every message for a log that must not hold it.
        server.unbind(evt.EVT_DIMSE_RECV, standard_dimse_recv_handler)
        server.unbind(evt.EVT_DIMSE_SENT, standard_dimse_sent_handler)
        server.unbind(evt.EVT_PDU_RECV, standard_pdu_recv_handler)
        server.unbind(evt.EVT_PDU_SENT, standard_pdu_sent_handler)
        return server

    def stop(self) -> NodeFacts:
        """Take no more associations, let objects in flight be kept, end the others; returns what was done."""
        self.stopping = True
        self._commitment.stop()
        if self._server is not None:
            self._server.shutdown()
        until = time.monotonic() + _GRACE
        while time.monotonic() < until and any(self._busy(one) for one in self._present()):
            time.sleep(0.05)
        self._end_all()
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._keeper.stop()
        self._look()
        self._tell_refusals(last=True)
        self.counts.write(self._ledger.folder, 0, running=False)
        done = self.counts.facts(0, running=False)
        self._audit.write("node.stopped", aet=self._node.aet, objects=done.received)
        return done

    def _end_all(self) -> None:
        """Tell those who are still here, then close under them: the library's own way waits for each of them."""
        present = self._present()
        for association in present:
            if association.is_established:
                association.acse.send_abort(0x02)
        time.sleep(_FAREWELL if present else 0)
        for association in present:
            self._close(association)
            association._kill = True
            association.dul.kill_dul()

    def _present(self) -> list[Association]:
        with self._lock:
            return [one for one in self._visits if one.is_alive()]

    def _busy(self, association: Association) -> bool:
        visit = self._visits.get(association)
        arriving = isinstance(association.dimse, SpoolingDimse) and association.dimse.current is not None
        waiting = association.dimse.peek_msg()[1] is not None
        return arriving or waiting or (visit is not None and visit.storing)

    # ---------------------------------------------------------------- what the wire asks (Door)

    def may_connect(self, address: str) -> bool:
        """Whether to talk to `address`, now."""
        if not self._admission.may_connect(address):
            self.counts.refuse("address", address)
            return False
        with self._lock:
            here = self._shaking + sum(one.is_alive() or not one.ident for one in self._visits)
        if here >= self._node.max_associations + _SPARE:
            self.counts.refuse("too_many_associations", address)
            return False
        return not self.stopping

    def shaking(self, change: int) -> None:
        """Count those that are shaking hands."""
        with self._lock:
            self._shaking += change

    def opened(self, association: Association) -> None:
        """Remember who has come, from the first byte on."""
        with self._lock:
            self._visits[association] = _Visit(time.monotonic())

    def refuse(self, reason: str, association: Association | None = None) -> None:
        """Count a refusal."""
        info = association.requestor.address_info if association is not None else None
        self.counts.refuse(reason, str(info.address) if info is not None else "")
        log.info("refused: %s", reason)

    # ---------------------------------------------------------------- events

    def _requested(self, event: Event) -> None:
        association, request = event.assoc, event.assoc.requestor.primitive
        if not isinstance(request, A_ASSOCIATE):
            self.refuse("not_dicom", association)
            association.is_aborted = True
            association.dul.kill_dul()
            return
        reason = self._reason(association, request)
        if reason is None:
            self._visits[association].let_in = True
            self.counts.add("associations")
            if self._providing.open and self._providing.may(association):
                association.acceptor.supported_contexts = self._for_queriers  # to others these are not known
            return
        self.refuse(reason, association)
        association.acse.send_reject(*_REJECTIONS[reason])
        association.kill()

    def _reason(self, association: Association, request: A_ASSOCIATE) -> str | None:
        if self.stopping:
            return "stopping"
        info = association.requestor.address_info
        address = str(info.address) if info is not None else ""
        reason = self._admission.reason(address, str(request.calling_ae_title), str(request.called_ae_title))
        if reason is not None:
            return reason
        with self._lock:
            inside = sum(visit.let_in and one.is_alive() for one, visit in self._visits.items())
        return "too_many_associations" if inside >= self._node.max_associations else None

    def _echo(self, event: Event) -> int:
        self.counts.add("echoes")
        return 0x0000

    def _may(self, right: Right, association: Association) -> bool:
        info = association.requestor.address_info
        address = str(info.address) if info is not None else ""
        return self._admission.may(right, address, str(association.requestor.ae_title))

    def _commit(self, event: Event) -> tuple[int, Dataset | None]:
        if not self._may("send", event.assoc):
            self.refuse("not_authorised", event.assoc)
            return Refusal("not_authorised").status, None
        return self._commitment.answer(event)

    def _reported(self, event: Event) -> tuple[int, None]:
        """A peer answers for results, or does not, on an association of its own."""
        info = event.assoc.requestor.address_info
        callers = self._admission.callers(str(info.address) if info else "", str(event.assoc.requestor.ae_title))
        names = [one.name for one in callers if one.commitment]
        if not names:
            self.refuse("not_authorised", event.assoc)
            return Refusal("not_authorised").status, None
        try:
            settled = settle(self._ledger, names, event.event_information)
        except (ProsvetError, OSError) as error:  # told it failed, the peer may report again
            log.error("a storage commitment report could not be kept: %s", type(error).__name__)
            return _PROCESSING_FAILURE, None
        log.info("storage commitment report: %s", settled)
        return (0x0000 if settled is not None else _PROCESSING_FAILURE), None

    def _store(self, event: Event) -> object:
        if not self._may("send", event.assoc):
            self.refuse("not_authorised", event.assoc)
            return Refusal("not_authorised").status
        visit = self._visits[event.assoc]
        visit.storing = True
        try:
            return self._storing.answer(event)
        finally:
            visit.storing = False

    # ---------------------------------------------------------------- the watch

    def _catalogue(self) -> None:
        try:
            self._providing.keep_up(self._ended)
        except (ProsvetError, OSError) as error:  # queries catch up by themselves
            log.error("the catalogue could not be kept: %s", type(error).__name__)

    def _watch(self) -> None:
        written = 0.0
        while not self._ended.wait(_ROUND):
            self._look()
            self._tell_refusals()
            if time.monotonic() - written >= _WRITE_EVERY:
                written = time.monotonic()
                try:
                    self.counts.write(self._ledger.folder, len(self._present()), running=True)
                except OSError as error:  # a full disk must not end the watch
                    log.error("the node's facts could not be written: %s", error.strerror)

    def _look(self) -> None:
        """End those that take too long; forget those that have gone, and what they left half done."""
        now = time.monotonic()
        with self._lock:
            visits = list(self._visits.items())
        for association, visit in visits:
            dimse = association.dimse
            if not isinstance(dimse, SpoolingDimse):  # the handler gives it to each; the type does not say so
                continue
            if association.ident and not association.is_alive():
                with self._lock:
                    del self._visits[association]
                dimse.discard()
                log.info("an association ended after %.1f s", now - visit.began)
            elif visit.cut:
                continue
            elif now - visit.began > self._node.association_timeout:
                self._cut(association, "association_timeout")
            elif dimse.current is not None and now - dimse.since > self._node.object_timeout:
                self._cut(association, "object_timeout")

    def _cut(self, association: Association, reason: str) -> None:
        """Close the connection under an association: it ends by itself then, whatever it is doing."""
        self.refuse(reason, association)
        self._visits[association].cut = True
        self._close(association)

    @staticmethod
    def _close(association: Association) -> None:
        wire = association.dul.socket
        client = wire.socket if wire is not None else None
        if client is not None:
            with suppress(OSError):  # it may have ended meanwhile
                client.shutdown(socket.SHUT_RDWR)

    def _tell_refusals(self, *, last: bool = False) -> None:
        """Write refusals to the audit log: the first of a kind at once, then their number once a minute."""
        now = time.monotonic()
        for key, count in self.counts.untold().items():
            self._pending[key] = self._pending.get(key, 0) + count
        for key in list(self._pending):
            if last or now - self._audited.get(key, -_AUDIT_EVERY) >= _AUDIT_EVERY:
                reason, address = key
                try:
                    self._audit.write("node.refused", reason=reason, address=address, times=self._pending[key])
                except OSError as error:  # told when there is room again
                    log.error("refusals could not be written to the audit log: %s", error.strerror)
                    return
                del self._pending[key]
                self._audited[key] = now
        if len(self._audited) > 10_000:
            self._audited.clear()
