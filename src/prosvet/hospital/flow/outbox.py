"""The rows of results on their way: what is due, and what became of each. Every change is one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from prosvet.archive.files import FileStore
from prosvet.core.clock import now
from prosvet.hospital.flow.retry import Retry
from prosvet.hospital.flow.routes import Answer, Parcel
from prosvet.hospital.ledger.schema import Asked, Outgoing
from prosvet.hospital.ledger.store import Ledger

__all__ = ["Outbox"]

_NEVER = datetime(9999, 1, 1)  # when a result is looked at again that nobody can confirm


class Outbox:
    """The results that go to one destination."""

    def __init__(self, ledger: Ledger, destination: str, retry: Retry) -> None:
        self._ledger, self.destination, self._retry = ledger, destination, retry

    def due(self, most: int) -> list[Parcel]:
        """What is to be sent now, the most urgent first."""
        return self._parcels("waiting", most)

    def to_confirm(self, most: int) -> list[Parcel]:
        """What was accepted and is to be looked for now."""
        return self._parcels("sent", most)

    def _parcels(self, state: str, most: int) -> list[Parcel]:
        rows = select(Outgoing.__table__).where(
            Outgoing.state == state, Outgoing.destination == self.destination, Outgoing.next_at <= now()
        )
        with self._ledger.read() as connection:
            found = connection.execute(rows.order_by(Outgoing.priority.desc(), Outgoing.id).limit(most)).all()
        return [_parcel(row, self._ledger.files) for row in found]

    def answered(self, parcel: Parcel, answer: Answer, *, confirmable: bool) -> str:
        """Keep what the destination said of one result that waited; returns the state it has now."""
        at = now()
        with self._ledger.write() as connection:
            one = and_(Outgoing.id == parcel.id, Outgoing.state == "waiting")
            attempts = connection.execute(select(Outgoing.attempts).where(one)).scalar_one_or_none()
            if attempts is None:  # dropped by a person meanwhile
                return "dropped"
            values = self._after(answer, attempts + 1, at, confirmable)
            connection.execute(update(Outgoing).where(one).values(values))
        return str(values["state"])

    def _after(self, answer: Answer, attempts: int, at: datetime, confirmable: bool) -> dict[str, Any]:
        said = {"code": answer.code, "status": answer.status} if answer.code else None
        if answer.verdict == "taken":
            look = at + timedelta(seconds=self._retry.checks[0]) if confirmable else _NEVER
            return {"state": "sent", "sent": at, "attempts": attempts, "next_at": look, "error": said}
        if answer.verdict == "refused" or attempts >= self._retry.tries:
            return {"state": "dead", "attempts": attempts, "error": said}
        return {"state": "waiting", "attempts": attempts, "next_at": at + self._retry.wait(attempts), "error": said}

    def unreachable(self, code: str, failures: int) -> timedelta:
        """The destination does not answer: all that waits for it waits on, and costs none of it a try.

        What has waited for an answer longer than patience lasts is given up. Returns how long to leave it alone.
        """
        at, wait = now(), self._retry.wait(failures)
        mine = and_(Outgoing.destination == self.destination, Outgoing.state == "waiting")
        with self._ledger.write() as connection:
            for row in connection.execute(select(Outgoing.id, Outgoing.error).where(mine)).all():
                since = (row.error or {}).get("since") or at.isoformat()
                over = at - datetime.fromisoformat(since) >= self._retry.patience
                values = {"error": {"code": code, "since": since}, "next_at": at + wait}
                if over:
                    values["state"] = "dead"
                _write(connection, row.id, **values)
        return wait

    def wake(self, *, answered: bool) -> None:
        """What waits because the destination did not answer need wait no longer; `answered`: it does again."""
        mine = and_(Outgoing.destination == self.destination, Outgoing.state == "waiting")
        with self._ledger.write() as connection:
            for row in connection.execute(select(Outgoing.id, Outgoing.error).where(mine)).all():
                if (row.error or {}).get("since"):
                    error = None if answered else row.error
                    _write(connection, row.id, next_at=now(), error=error)

    def looked(self, parcels: Sequence[Parcel], found: dict[int, bool]) -> int:
        """Keep what a look at the destination has shown; returns how many are to be sent again.

        "Accepted" without being there is what this is for: after the last look the result waits for sending again.
        """
        at, again = now(), 0
        with self._ledger.write() as connection:
            for parcel, error, attempts in _on_their_way(connection, parcels):
                values: dict[str, Any] = {"state": "confirmed", "error": None, "next_at": _NEVER}
                if not found.get(parcel.id, False):
                    values = self._missing(int(error.get("checks", 0)) + 1, attempts, at)
                    again += values["state"] == "waiting"
                _write(connection, parcel.id, **values)
        return again

    # ---------------------------------------------------------------- storage commitment

    def asking(self, parcels: Sequence[Parcel], transaction: str) -> list[Parcel]:
        """Write down that a peer is about to be asked for `parcels`; returns those that it is to be asked for.

        Left out are those for which the last request has run out: they wait for sending again.
        """
        at, asked = now(), []
        with self._ledger.write() as connection:
            for parcel, error, attempts in _on_their_way(connection, parcels):
                tries = int(error.get("requests", 0))
                if tries < len(self._retry.answers):
                    until = at + timedelta(seconds=self._retry.answers[tries])
                    said = {"code": "asked", "requests": tries + 1}
                    connection.execute(insert(Asked).values(transaction_uid=transaction, result=parcel.id, at=at))
                    _write(connection, parcel.id, next_at=until, error=said)
                    asked.append(parcel)
                else:
                    _write(connection, parcel.id, **self._unconfirmed("no_commitment", attempts, at))
        return asked

    def not_asked(self, parcels: Sequence[Parcel], code: str, wait: timedelta) -> None:
        """The request did not reach the peer, or it does not do this: it costs the results no request."""
        with self._ledger.write() as connection:
            for parcel, error, _ in _on_their_way(connection, parcels):
                if error:
                    said = {"code": code, "requests": int(error.get("requests", 1)) - 1}
                    _write(connection, parcel.id, next_at=now() + wait, error=said)

    def ask_again(self) -> None:
        """Who was asked before this process began may have answered when nobody listened."""
        mine = and_(Outgoing.destination == self.destination, Outgoing.state == "sent")
        with self._ledger.write() as connection:
            for row in connection.execute(select(Outgoing.id, Outgoing.error).where(mine)).all():
                requests = int((row.error or {}).get("requests", 0))
                if requests:
                    said = {"code": "asked", "requests": requests - 1}
                    _write(connection, row.id, next_at=now(), error=said)

    def _missing(self, checks: int, attempts: int, at: datetime) -> dict[str, Any]:
        if checks < len(self._retry.checks):
            look = at + timedelta(seconds=self._retry.checks[checks])
            return {"state": "sent", "error": {"code": "not_there_yet", "checks": checks}, "next_at": look}
        return self._unconfirmed("not_there", attempts, at)

    def _unconfirmed(self, code: str, attempts: int, at: datetime) -> dict[str, Any]:
        """Nobody has answered for the result: it is sent again, or given up after the last try."""
        state = "dead" if attempts >= self._retry.tries else "waiting"
        return {"state": state, "error": {"code": code}, "next_at": at, "sent": None}


def _on_their_way(
    connection: Connection, parcels: Sequence[Parcel]
) -> Iterator[tuple[Parcel, Mapping[str, Any], int]]:  # fmt: skip
    """Those of `parcels` that are still waiting to be confirmed, what was said of each, and how often it was sent."""
    for parcel in parcels:
        one = and_(Outgoing.id == parcel.id, Outgoing.state == "sent")
        row = connection.execute(select(Outgoing.error, Outgoing.attempts).where(one)).first()
        if row is not None:
            yield parcel, row.error or {}, row.attempts


def _write(connection: Connection, number: int, **values: Any) -> None:
    connection.execute(update(Outgoing).where(Outgoing.id == number).values(values))


def _parcel(row: Any, files: FileStore) -> Parcel:
    path = files.path(row.sha256)
    return Parcel(row.id, row.kind, row.study_uid, row.sop_uid, row.sop_class, path, row.sha256)
