"""The node: a port and what stands behind it, from start to stop."""

from __future__ import annotations

import logging
import time
import warnings
from datetime import timedelta
from threading import Event as Flag
from threading import Thread

from pynetdicom import evt
from pynetdicom._handlers import (
    standard_dimse_recv_handler,
    standard_dimse_sent_handler,
    standard_pdu_recv_handler,
    standard_pdu_sent_handler,
)
from pynetdicom.ae import ApplicationEntity

from prosvet.archive.deidentify import Deidentifier
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import AddressTaken, ProsvetError
from prosvet.hospital.config import HospitalConfig, Node
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.admission import Admission
from prosvet.hospital.node.answering import Answering
from prosvet.hospital.node.classes import contexts
from prosvet.hospital.node.commitment import Commitment
from prosvet.hospital.node.facts import Counts, NodeFacts
from prosvet.hospital.node.keeper import Keeper
from prosvet.hospital.node.providing import Providing
from prosvet.hospital.node.spool import SpoolFolder
from prosvet.hospital.node.storing import Storing
from prosvet.hospital.node.telling import Telling
from prosvet.hospital.node.tls import server_context
from prosvet.hospital.node.visits import SPARE, Visits
from prosvet.hospital.node.wire import Server
from prosvet.imaging.naming import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION

__all__ = ["DicomNode"]

log = logging.getLogger(__name__)

_ROUND = 0.5  # seconds between two rounds of the watch
_GRACE = 20.0  # seconds for objects in flight when the node stops
_CONNECT = 10.0  # seconds until the destination of a C-MOVE has to be reached


def _hush() -> None:
    """Keep the libraries from quoting what strangers send: UIDs, names. Refusals are counted and logged here."""
    for name in ("pynetdicom", "pydicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", category=UserWarning, module=r"pydicom\.")


class DicomNode:
    """A DICOM node on one port: :meth:`start`, and :meth:`stop` when the objects in flight are kept."""

    def __init__(self, config: HospitalConfig, context: Context, ledger: Ledger) -> None:
        node = self._node = config.node
        self._ledger, self._audit, self.counts = ledger, AuditLog.from_context(context), Counts()
        self.spool = SpoolFolder(ledger.folder / "spool", node.max_spool_bytes)
        names, admission = Deidentifier.from_context(context), Admission(config)
        self._keeper = Keeper(ledger, self._audit, timedelta(minutes=config.results.deadline_minutes))
        storing = Storing(self._keeper, ledger.files, names, config.routing, self.counts)
        self._commitment = Commitment(ledger, config, self.counts)
        self._providing = Providing(ledger, config, admission, names, self._audit, self.counts)
        self.visits = Visits(node, admission, self.counts, self.spool)
        self.answering = Answering(
            self.visits, admission, self.counts, ledger, storing, self._commitment, self._providing,
            contexts(node, queried=True),
        )  # fmt: skip
        self._telling = Telling(self.counts, self._audit, ledger.folder)
        self._contexts = contexts(node)
        self._tls = server_context(node.tls) if node.tls is not None else None
        self._ended = Flag()
        self._server: Server | None = None
        self._threads: list[Thread] = []

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
        node, entity = self._node, _entity(self._node)
        place = (node.host, node.port)
        try:
            server = Server(entity, place, self._contexts, self.answering.handlers(), self.visits, self._tls)
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
        self.visits.stopping = True
        self._commitment.stop()
        if self._server is not None:
            self._server.shutdown()
        until = time.monotonic() + _GRACE
        while time.monotonic() < until and self.visits.busy():
            time.sleep(0.05)
        self.visits.end_all()
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._keeper.stop()
        self.visits.look()
        self._telling.refusals(last=True)
        self.counts.write(self._ledger.folder, 0, running=False)
        done = self.counts.facts(0, running=False)
        self._audit.write("node.stopped", aet=self._node.aet, objects=done.received)
        return done

    def _catalogue(self) -> None:
        try:
            self._providing.keep_up(self._ended)
        except (ProsvetError, OSError) as error:  # queries catch up by themselves
            log.error("the catalogue could not be kept: %s", type(error).__name__)

    def _watch(self) -> None:
        while not self._ended.wait(_ROUND):
            self.visits.look()
            self._telling.refusals()
            self._telling.facts(len(self.visits.present()))


def _entity(node: Node) -> ApplicationEntity:
    """The library's side of `node`."""
    entity = ApplicationEntity(node.aet)
    entity.maximum_pdu_size = node.max_pdu
    entity.maximum_associations = node.max_associations + 2 * SPARE  # the limit is ours: :class:`Visits`
    entity.acse_timeout = min(30.0, node.idle_timeout)
    entity.dimse_timeout = entity.network_timeout = node.idle_timeout
    entity.connection_timeout = _CONNECT
    entity.implementation_class_uid = IMPLEMENTATION_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION
    return entity
