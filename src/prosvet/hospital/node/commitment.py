"""Storage commitment: a sender asks whether we answer for objects, and is told which of them are kept.

The answer goes over an association of ours to the peer (PS3.4, J.3.3), where the configuration knows its address, and
else over the one it asked on, while that lasts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from sqlalchemy import select

from prosvet.hospital.config import HospitalConfig, Peer
from prosvet.hospital.ledger.schema import Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.classes import COMMITMENT, COMMITMENT_INSTANCE
from prosvet.hospital.node.facts import Counts
from prosvet.hospital.node.identify import valid_uid
from prosvet.hospital.node.tls import client_context

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.events import Event

__all__ = ["Commitment", "judge"]

log = logging.getLogger(__name__)

_MOST = 10_000  # objects in one request
_WAITS = (0.0, 5.0, 30.0)  # seconds before each try
_NO_SUCH, _CLASS_CONFLICT, _PROCESSING = 0x0112, 0x0119, 0x0110  # PS3.3, C.14.1.1
_INVALID_ARGUMENT = 0x0115
_KEPT, _FAILED = 1, 2  # event types: all of them are kept; some are not


class Commitment:
    """Answers requests for commitment."""

    def __init__(self, ledger: Ledger, config: HospitalConfig, counts: Counts) -> None:
        self._ledger, self._config, self._counts = ledger, config, counts
        self._stop = Flag()

    def stop(self) -> None:
        """Try no more."""
        self._stop.set()

    def answer(self, event: Event) -> tuple[int, Dataset | None]:
        """The status of one N-ACTION request; what is kept is told later."""
        if event.action_type != 1:
            return 0x0123, None
        asked = event.action_information
        transaction = str(asked.get("TransactionUID", ""))
        wanted = [(str(one.get("ReferencedSOPClassUID", "")), str(one.get("ReferencedSOPInstanceUID", "")))
                  for one in asked.get("ReferencedSOPSequence", [])]  # fmt: skip
        if not valid_uid(transaction) or not 1 <= len(wanted) <= _MOST:
            return _INVALID_ARGUMENT, None
        self._counts.add("commitments")
        calling = event.assoc.requestor.ae_title.strip()
        peer = next((one for one in self._config.peers if one.aet == calling), None)
        arguments = (transaction, wanted, peer, event.assoc)
        Thread(target=self._tell, args=arguments, name="commitment", daemon=True).start()
        return 0x0000, None

    def _tell(
        self, transaction: str, wanted: Sequence[tuple[str, str]], peer: Peer | None, asking: Association
    ) -> None:
        kind, report = judge(self._ledger, transaction, wanted)
        if peer is None:
            self._stop.wait(0.1)  # the answer to the request goes first
            if asking.is_established:
                _report(asking, report, kind)
            return
        for wait in _WAITS:
            if self._stop.wait(wait) or self._call(peer, report, kind):
                return
        log.warning("a storage commitment could not be told to %s", peer.name)

    def _call(self, peer: Peer, report: Dataset, kind: int) -> bool:
        entity = ApplicationEntity(self._config.node.aet)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
        entity.connection_timeout = 10
        entity.add_requested_context(UID(COMMITMENT))
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid, role.scu_role, role.scp_role = UID(COMMITMENT), False, True
        named: dict[str, Any] = {"ae_title": peer.aet, "ext_neg": [role]}
        if peer.tls is not None:
            named["tls_args"] = (client_context(peer.tls), peer.host)
        association = entity.associate(peer.host, peer.port, **named)
        if not association.is_established:
            return False
        try:
            return _report(association, report, kind)
        finally:
            association.release()


def _report(association: Association, report: Dataset, kind: int) -> bool:
    try:
        status, _ = association.send_n_event_report(report, kind, UID(COMMITMENT), UID(COMMITMENT_INSTANCE))
    except (RuntimeError, ValueError) as error:  # the association has ended, or has no role for it
        log.info("a storage commitment was not told: %s", type(error).__name__)
        return False
    return bool(status) and int(status.Status) == 0


def judge(ledger: Ledger, transaction: str, wanted: Sequence[tuple[str, str]]) -> tuple[int, Dataset]:
    """Event type and report: which of the `wanted` (class and instance) are kept, by a look at row and file."""
    began = time.monotonic()
    kept: list[Dataset] = []
    failed: list[Dataset] = []
    for sop_class, sop_uid in wanted:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = UID(sop_class), UID(sop_uid)
        reason = _reason(ledger, sop_class, sop_uid)
        if reason is None:
            kept.append(item)
        else:
            item.FailureReason = reason
            failed.append(item)
    report = Dataset()
    report.TransactionUID = UID(transaction)
    if kept:
        report.ReferencedSOPSequence = kept
    if failed:
        report.FailedSOPSequence = failed
    log.info("commitment: %d kept, %d not, %.1f s", len(kept), len(failed), time.monotonic() - began)
    return (_FAILED if failed else _KEPT), report


def _reason(ledger: Ledger, sop_class: str, sop_uid: str) -> int | None:
    with ledger.read() as connection:
        columns = select(Received.sop_class, Received.sha256, Received.bytes)
        row = connection.execute(columns.where(Received.sop_uid == sop_uid)).first()
    if row is None:
        return _NO_SUCH
    if row.sop_class != sop_class:
        return _CLASS_CONFLICT
    try:
        size = ledger.files.path(row.sha256).stat().st_size
    except OSError:
        return _NO_SUCH
    return None if size == row.bytes else _PROCESSING
