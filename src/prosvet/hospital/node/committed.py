"""What a peer reports of results that it was asked to answer for: the report is written down once and for all.

It may come on the association that asked, or hours later on one of the peer's own to the node; twice, too.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydicom.dataset import Dataset
from sqlalchemy import select, update

from prosvet.core.clock import now
from prosvet.hospital.ledger.schema import Asked, Outgoing
from prosvet.hospital.ledger.store import Ledger

__all__ = ["TRIES", "Settled", "settle"]

log = logging.getLogger(__name__)

TRIES = 12
"""Of sending what the peer then does not answer for; after them it is a dead letter."""
_FIRST, _LONGEST = 5.0, 1800.0  # seconds before it is sent again
_NEVER = datetime(9999, 1, 1)
_UNTOLD = 0x0110
_STATES = ("sent", "waiting")


@dataclass(frozen=True, slots=True)
class Settled:
    """How many results a report has confirmed, sent back to the outbox, and made dead letters of."""

    confirmed: int = 0
    again: int = 0
    dead: int = 0


def settle(ledger: Ledger, destinations: Collection[str], report: Dataset) -> Settled | None:
    """Write down a report of one of `destinations`; None where we did not ask for it.

    What it says of a result that was sent again after that request is passed over, except that it is kept.
    """
    transaction = str(report.get("TransactionUID", ""))
    failed = _failures(report)
    kept = {str(one.get("ReferencedSOPInstanceUID", "")) for one in report.get("ReferencedSOPSequence") or []}
    at, done = now(), {"confirmed": 0, "waiting": 0, "dead": 0}
    with ledger.write() as db:
        query = select(Outgoing.__table__, Asked.at.label("asked")).join(Asked, Asked.result == Outgoing.id)
        rows = db.execute(query.where(Asked.transaction_uid == transaction, Outgoing.destination.in_(destinations)))
        found = rows.all()
        for row in found:
            stale = row.state not in _STATES or (row.sent is not None and row.sent > row.asked)
            unasked = row.state == "waiting" and (row.error or {}).get("code") != "no_commitment"
            if stale or unasked:
                continue
            if row.sop_uid in failed:
                if row.state == "waiting":
                    continue  # it goes again anyway
                values = _again(row.attempts, failed[row.sop_uid], at)
            elif row.sop_uid in kept:
                values = {"state": "confirmed", "error": None, "next_at": _NEVER, "sent": row.sent or row.asked}
            else:
                continue  # the report says nothing of it: the request runs out
            done[str(values["state"])] += 1
            db.execute(update(Outgoing).where(Outgoing.id == row.id).values(values))
    if not found:
        return None
    return Settled(done["confirmed"], done["waiting"], done["dead"])


def _failures(report: Dataset) -> dict[str, int]:
    failed = report.get("FailedSOPSequence") or []
    return {
        str(one.get("ReferencedSOPInstanceUID", "")): int(one.get("FailureReason") or _UNTOLD) for one in failed
    }  # fmt: skip


def _again(attempts: int, reason: int, at: datetime) -> dict[str, object]:
    said = {"code": "not_committed", "status": f"{reason:04X}"}
    if attempts >= TRIES:
        return {"state": "dead", "error": said}
    wait = timedelta(seconds=min(_LONGEST, _FIRST * 2.0 ** max(0, attempts - 1)))
    return {"state": "waiting", "sent": None, "next_at": at + wait, "error": said}
