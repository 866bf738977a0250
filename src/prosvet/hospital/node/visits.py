"""Who is on the port: how many there may be, how long each may stay, and how they are ended."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from pynetdicom.pdu_primitives import A_ASSOCIATE

from prosvet.hospital.config import Node
from prosvet.hospital.node.admission import Admission, Right
from prosvet.hospital.node.facts import Counts
from prosvet.hospital.node.spool import SpoolFolder
from prosvet.hospital.node.wire import SpoolingDimse

if TYPE_CHECKING:
    from pynetdicom.association import Association

__all__ = ["SPARE", "Visits", "address_of"]

log = logging.getLogger(__name__)

SPARE = 8
"""Connections above the limit, so that who comes too many is told so."""
_FAREWELL = 0.1  # seconds for an A-ABORT to leave


@dataclass
class _Visit:
    began: float
    let_in: bool = False
    storing: bool = False
    cut: bool = False


def address_of(association: Association) -> str:
    """Where an association comes from."""
    info = association.requestor.address_info
    return str(info.address) if info is not None else ""


class Visits:
    """The associations of a node, and what the wire asks of it (:class:`prosvet.hospital.node.wire.Door`)."""

    def __init__(self, node: Node, admission: Admission, counts: Counts, spool: SpoolFolder) -> None:
        self.max_pdu, self.max_object_bytes, self.idle_timeout = node.max_pdu, node.max_object_bytes, node.idle_timeout
        self.stopping = False
        self.spool = spool
        self._node, self._admission, self._counts = node, admission, counts
        self._visits: dict[Association, _Visit] = {}
        self._shaking, self._lock = 0, Lock()

    # ---------------------------------------------------------------- what the wire asks

    def may_connect(self, address: str) -> bool:
        """Whether to talk to `address`, now."""
        if not self._admission.may_connect(address):
            self._counts.refuse("address", address)
            return False
        with self._lock:
            here = self._shaking + sum(one.is_alive() or not one.ident for one in self._visits)
        if here >= self._node.max_associations + SPARE:
            self._counts.refuse("too_many_associations", address)
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
        self._counts.refuse(reason, address_of(association) if association is not None else "")
        log.info("refused: %s", reason)

    # ---------------------------------------------------------------- who is let in, and what they may do

    def reason(self, association: Association, request: A_ASSOCIATE) -> str | None:
        """Why `request` is not accepted, or None; who is accepted counts from now on."""
        if self.stopping:
            return "stopping"
        address = address_of(association)
        reason = self._admission.reason(address, str(request.calling_ae_title), str(request.called_ae_title))
        if reason is not None:
            return reason
        with self._lock:
            inside = sum(visit.let_in and one.is_alive() for one, visit in self._visits.items())
        if inside >= self._node.max_associations:
            return "too_many_associations"
        self._visits[association].let_in = True
        return None

    def may(self, right: Right, association: Association) -> bool:
        """Whether who is at the other end may do that."""
        return self._admission.may(right, address_of(association), str(association.requestor.ae_title))

    @contextmanager
    def storing(self, association: Association) -> Iterator[None]:
        """While an object is being kept, its association is not ended by a stop."""
        visit = self._visits[association]
        visit.storing = True
        try:
            yield
        finally:
            visit.storing = False

    # ---------------------------------------------------------------- how they end

    def present(self) -> list[Association]:
        """Who is here."""
        with self._lock:
            return [one for one in self._visits if one.is_alive()]

    def busy(self) -> bool:
        """Whether an object is on its way, or being kept."""
        return any(self._busy(one) for one in self.present())

    def _busy(self, association: Association) -> bool:
        visit = self._visits.get(association)
        arriving = isinstance(association.dimse, SpoolingDimse) and association.dimse.current is not None
        waiting = association.dimse.peek_msg()[1] is not None
        return arriving or waiting or (visit is not None and visit.storing)

    def look(self) -> None:
        """End those that take too long; forget those that have gone, and what they left half done."""
        now = time.monotonic()
        with self._lock:
            visits = list(self._visits.items())
        for association, visit in visits:
            dimse = association.dimse
            if not isinstance(dimse, SpoolingDimse):  # the handler gives it to each; the type does not say so
                continue
            if association.ident and not association.is_alive():
                self.forget(association)
                dimse.discard()
                log.info("an association ended after %.1f s", now - visit.began)
            elif visit.cut:
                continue
            elif now - visit.began > self._node.association_timeout:
                self._cut(association, "association_timeout")
            elif dimse.current is not None and now - dimse.since > self._node.object_timeout:
                self._cut(association, "object_timeout")

    def forget(self, association: Association) -> None:
        """It has gone."""
        with self._lock:
            self._visits.pop(association, None)

    def end_all(self) -> None:
        """Tell those who are still here, then close under them: the library's own way waits for each of them."""
        present = self.present()
        for association in present:
            if association.is_established:
                association.acse.send_abort(0x02)
        time.sleep(_FAREWELL if present else 0)
        for association in present:
            _close(association)
            association._kill = True
            association.dul.kill_dul()

    def _cut(self, association: Association, reason: str) -> None:
        """Close the connection under an association: it ends by itself then, whatever it is doing."""
        self.refuse(reason, association)
        self._visits[association].cut = True
        _close(association)


def _close(association: Association) -> None:
    wire = association.dul.socket
    client = wire.socket if wire is not None else None
    if client is not None:
        with suppress(OSError):  # it may have ended meanwhile
            client.shutdown(socket.SHUT_RDWR)
