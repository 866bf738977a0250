"""Sessions of browsers: a random key in a cookie, its hash in the table; ended by idleness and after a day of work."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Lock
from typing import Self

from sqlalchemy import delete, insert, or_, select, update

from prosvet.app.accounts.secrets import Clock, fingerprint, new_secret
from prosvet.archive.schema_app import Account, SignedIn
from prosvet.archive.store import Store
from prosvet.core import clock
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import ArchiveError

__all__ = ["IDLE", "LONGEST", "Sessions"]

log = logging.getLogger(__name__)

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
_STEP = timedelta(minutes=1)  # how exactly the last request is known: a write a minute and not one a click
_KNOWN = 10_000


class Sessions:
    """Who is signed in."""

    def __init__(self, store: Store, now: Clock = clock.now) -> None:
        self.store, self.now = store, now
        # Beside the requests: a reader does not wait for the writer that takes in an archive.
        self._writer = ThreadPoolExecutor(1, "sessions")
        self._noted: dict[str, datetime] = {}
        self._lock = Lock()

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The sessions of the context's archive."""
        return cls(context.get(Store))

    def close(self) -> None:
        """Finish what is being noted."""
        self._writer.shutdown()

    def start(self, name: str, instead_of: str = "") -> str:
        """A session of the account `name`: its secret. The one that the browser had, `instead_of`, ends."""
        secret, now = new_secret(), self.now()
        with self.store.note() as db:
            ended = or_(SignedIn.seen < now - IDLE, SignedIn.created < now - LONGEST)
            db.execute(delete(SignedIn).where(or_(ended, SignedIn.key == fingerprint(instead_of))))
            db.execute(insert(SignedIn).values(key=fingerprint(secret), account=name, created=now, seen=now))
        return secret

    def find(self, secret: str) -> Actor | None:
        """Who has the session of `secret`, in the role of this moment; None when it has ended or never was."""
        key, now = fingerprint(secret), self.now()
        query = select(Account.name, Account.role, SignedIn.created, SignedIn.seen)
        query = query.join(SignedIn, SignedIn.account == Account.name).where(SignedIn.key == key, Account.active)
        with self.store.read() as db:
            row = db.execute(query).first()
        if row is None or now - row.seen > IDLE or now - row.created > LONGEST:
            return None
        if now - row.seen >= _STEP:
            self._note(key, now)
        return Actor(row.name, row.role)

    def end(self, secret: str) -> None:
        """Sign out."""
        with self.store.note() as db:
            db.execute(delete(SignedIn).where(SignedIn.key == fingerprint(secret)))

    def _note(self, key: str, now: datetime) -> None:
        with self._lock:
            if now - self._noted.get(key, datetime.min) < _STEP:
                return
            if len(self._noted) >= _KNOWN:
                self._noted.clear()
            self._noted[key] = now
        self._writer.submit(self._write, key, now)

    def _write(self, key: str, now: datetime) -> None:
        try:
            with self.store.note() as db:
                db.execute(update(SignedIn).where(SignedIn.key == key).values(seen=now))
        except ArchiveError as error:
            log.warning("the time of a session was not noted: %s", error)
