"""What the node tells of itself while it runs: its facts to whoever asks, its refusals to the audit log."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from prosvet.core.audit import AuditLog
from prosvet.core.errors import DiskFull
from prosvet.hospital.node.facts import Counts

__all__ = ["Telling"]

log = logging.getLogger(__name__)

_WRITE_EVERY = 5.0
_AUDIT_EVERY = 60.0  # seconds: a flood of refusals of one kind is one line a minute
_MOST_KINDS = 10_000


class Telling:
    """Tells as often as it should; a disk that is full ends nothing, and is made up for."""

    def __init__(self, counts: Counts, audit: AuditLog, folder: Path) -> None:
        self._counts, self._audit, self._folder = counts, audit, folder
        self._written = 0.0
        self._audited: dict[tuple[str, str], float] = {}
        self._pending: dict[tuple[str, str], int] = {}

    def facts(self, associations: int) -> None:
        """Write the node's facts, every few seconds."""
        if time.monotonic() - self._written < _WRITE_EVERY:
            return
        self._written = time.monotonic()
        try:
            self._counts.write(self._folder, associations, running=True)
        except (DiskFull, OSError) as error:
            log.error("the node's facts could not be written: %s", type(error).__name__)

    def refusals(self, *, last: bool = False) -> None:
        """Write refusals to the audit log: the first of a kind at once, then their number once a minute."""
        now = time.monotonic()
        for key, count in self._counts.untold().items():
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
        if len(self._audited) > _MOST_KINDS:
            self._audited.clear()
