"""Storage commitment: what a peer has accepted counts as delivered when it has answered for it, and not before."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from pydicom.dataset import Dataset

from prosvet.core.audit import AuditLog
from prosvet.core.errors import PeerError
from prosvet.hospital.config import HospitalConfig, Peer
from prosvet.hospital.flow.outbox import Outbox
from prosvet.hospital.flow.retry import Retry
from prosvet.hospital.flow.routes import Parcel
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.committed import settle
from prosvet.hospital.peers import commit

__all__ = ["Committing", "committing"]

log = logging.getLogger(__name__)

_AT_ONCE = 32
_BRIEFLY = 0.5  # seconds to wait there for a peer whose last report did not come that way: it holds up what is sent


class Committing:
    """Asks one peer for what it has accepted; used by the thread that sends to it.

    A request is in the ledger before it leaves, so that a report is known whenever it comes: on the same association,
    to the node, before or after a crash. What a request of a process that ended was about is asked for anew at once.

    Parameters
    ----------
    linger : float
        Seconds to wait for the report on the association of the request.
    """

    def __init__(
        self, ledger: Ledger, peer: Peer, aet: str, audit: AuditLog, retry: Retry | None = None, *, linger: float = 5.0
    ) -> None:
        self._ledger, self._peer, self._aet, self._audit = ledger, peer, aet, audit
        self._retry, self._linger = retry or Retry(), linger
        self._stay = linger
        self._outbox = Outbox(ledger, peer.name, self._retry)
        self._failures, self._at = 0, 0.0  # requests that were not taken, in a row; monotonic: not before
        self._begun = False

    def turn(self) -> bool:
        """Ask for what is due; returns whether there was anything."""
        if not self._begun:
            self._outbox.ask_again()
            self._begun = True
        parcels = self._outbox.to_confirm(_AT_ONCE) if time.monotonic() >= self._at else []
        if not parcels:
            return False
        transaction = commit.new_transaction()
        asked = self._outbox.asking(parcels, transaction)
        if len(asked) < len(parcels):
            log.warning("%s did not answer for %d results", self._peer.name, len(parcels) - len(asked))
            self._tell("no_answer", len(parcels) - len(asked))
        if asked:
            self._ask(asked, transaction)
        return True

    def _ask(self, parcels: Sequence[Parcel], transaction: str) -> None:
        objects = [(one.sop_class or "", one.sop_uid or "") for one in parcels]
        try:
            came = commit.request(self._peer, transaction, objects, self._heard, self._aet, linger=self._stay)
        except PeerError as error:  # unreachable is one of them
            self._failures += 1
            wait = self._retry.wait(self._failures)
            self._at = time.monotonic() + wait.total_seconds()
            self._outbox.not_asked(parcels, str(error.details["reason"]), wait)
            log.warning("%s was not asked for storage commitment: %s", self._peer.name, error.details["reason"])
        else:
            self._failures = 0
            self._stay = self._linger if came else min(self._linger, _BRIEFLY)

    def _heard(self, report: Dataset) -> bool:
        settled = settle(self._ledger, (self._peer.name,), report)
        if settled is not None and settled.again + settled.dead:
            self._tell("failed", settled.again + settled.dead)
        return settled is not None

    def _tell(self, why: str, results: int) -> None:
        self._audit.write("outbox.not_committed", destination=self._peer.name, why=why, results=results)


def committing(destination: str, config: HospitalConfig, ledger: Ledger, audit: AuditLog) -> Callable[[], bool] | None:
    """What asks `destination` for commitment, a call a turn; None where the configuration wants none of it."""
    peer = next((one for one in config.peers if one.name == destination and one.commitment), None)
    return Committing(ledger, peer, config.node.aet, audit).turn if peer is not None else None
