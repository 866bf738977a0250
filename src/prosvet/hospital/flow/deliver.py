"""A thread for each destination, so that one that hangs holds up no other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event

from prosvet.core.audit import AuditLog
from prosvet.core.errors import ProsvetError
from prosvet.hospital.flow.outbox import Outbox
from prosvet.hospital.flow.retry import Retry
from prosvet.hospital.flow.routes import Answer, Parcel, Sender, Unreachable
from prosvet.hospital.ledger.store import Ledger

__all__ = ["Deliverer"]

log = logging.getLogger(__name__)

_AT_ONCE = 32  # results of one association
_IDLE = 0.5  # seconds between two looks at an empty outbox
_PAUSE = 60.0  # seconds at most that a silent destination is left alone while something is due
_TROUBLE = 5.0  # seconds before another try when the ledger cannot be written


class Deliverer:
    """Brings one destination what waits for it, and looks whether it is there, where it may ask.

    Parameters
    ----------
    commit : callable, optional
        Asks for storage commitment instead, a call a turn (:mod:`prosvet.hospital.flow.committing`).
    """

    def __init__(
        self,
        ledger: Ledger,
        destination: str,
        sender: Sender,
        audit: AuditLog,
        retry: Retry | None = None,
        *,
        commit: Callable[[], bool] | None = None,
    ) -> None:
        self._commit = commit
        self._retry = retry or Retry()
        self._outbox = Outbox(ledger, destination, self._retry)
        self._sender, self._audit, self._name = sender, audit, destination
        self._confirmable = True  # until it says that it cannot be asked
        self._failures = self._unanswered = 0  # in a row: of sending, of looking
        self._send_at = self._look_at = 0.0  # on the monotonic clock: not before
        self._stop = Event()

    def __call__(self, stop: Event) -> None:
        """Work until `stop` is set."""
        self._stop, woken = stop, False
        while not stop.is_set():
            try:
                if not woken:  # what waited for an answer need not wait for the rest of its pause after a restart
                    self._outbox.wake(answered=False)
                    woken = True
                busy = self.turn()
            except (ProsvetError, OSError) as error:  # a full disk, a held ledger: nothing is lost, it waits
                log.error("results for %s wait: %s", self._name, type(error).__name__)
                stop.wait(_TROUBLE)
            else:
                if not busy:
                    stop.wait(_IDLE)

    def turn(self) -> bool:
        """Send what is due and look for what was accepted; returns whether there was anything to do."""
        sent = self._send()
        return self._confirm() or sent

    def _send(self) -> bool:
        parcels = self._outbox.due(_AT_ONCE) if time.monotonic() >= self._send_at else []
        if not parcels:
            return False
        try:
            self._sender.send(parcels, self._told)
        except Unreachable as trouble:
            self._failures += 1
            wait = self._outbox.unreachable(trouble.code, self._failures).total_seconds()
            log.warning("%s does not take results: %s, %d times", self._name, trouble.code, self._failures)
            self._send_at = time.monotonic() + min(wait, _PAUSE)
        return True

    def _told(self, parcel: Parcel, answer: Answer) -> bool:
        if self._failures and answer.code != "damaged":
            self._failures = 0
            self._outbox.wake(answered=True)
        state = self._outbox.answered(parcel, answer, confirmable=self._confirmable)
        if state == "dead":
            log.warning("a result for %s was given up: %s %s", self._name, answer.code, answer.status)
            self._audit.write(
                "outbox.dead", result=parcel.id, destination=self._name, kind=parcel.kind, code=answer.code,
                status=answer.status,
            )  # fmt: skip
        return not self._stop.is_set()

    def _confirm(self) -> bool:
        """Look for what was accepted. Where looking fails, sending goes on."""
        if self._commit is not None:
            return self._commit()
        if not self._confirmable or time.monotonic() < self._look_at:
            return False
        parcels = self._outbox.to_confirm(_AT_ONCE)
        if not parcels:
            return False
        try:
            found = self._sender.confirm(parcels)
        except Unreachable as trouble:
            self._unanswered += 1
            self._look_at = time.monotonic() + self._retry.wait(self._unanswered).total_seconds()
            log.warning("%s cannot be asked for results: %s", self._name, trouble.code)
            return True
        self._unanswered = 0
        if found is None:
            self._confirmable = False
            return False
        again = self._outbox.looked(parcels, found)
        if again:
            log.warning("%d results that %s had accepted are not there: sent again", again, self._name)
        return True
