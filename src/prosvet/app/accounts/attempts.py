"""The lock after wrong passwords: per name, whether it exists or not, and per address. Delays grow and end."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, func, insert, select, update

from prosvet.app.accounts.secrets import Clock
from prosvet.archive.schema_app import Attempt
from prosvet.archive.store import Store
from prosvet.core import clock
from prosvet.core.errors import TooManyAttempts

__all__ = ["Attempts", "network_of"]

_FREE_OF_NAME, _FREE_OF_ADDRESS = 5, 20
"""So many wrong passwords in a row are answered at once; a ward behind one address shares the second."""
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(minutes=15)
_FORGOTTEN = timedelta(days=1)
_MOST_ROWS = 20_000


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, the /64 of an IPv6 one; else the text itself.

    Examples
    --------
    >>> network_of("192.0.2.7"), network_of("2001:db8::7"), network_of("testclient")
    ('192.0.2.7', '2001:db8::/64', 'testclient')
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(known) if known.version == 4 else str(ipaddress.ip_network((known, 64), strict=False))


@dataclass(frozen=True)
class Attempts:
    """Counts of failures in `store`, so that a restart forgives nothing."""

    store: Store
    now: Clock = clock.now

    def begin(self, name: str, address: str) -> None:
        """Count an attempt as failed before it is judged, so that many at once are no way round the lock.

        Raises
        ------
        TooManyAttempts
            While the name or the address is locked; nothing is counted then.
        """
        now, keys = self.now(), _keys(name, address)
        with self.store.note() as db:
            _forget(db, now)
            until = db.execute(select(func.max(Attempt.until)).where(Attempt.key.in_(keys))).scalar_one()
            if until is None or until <= now:
                for key, free in zip(keys, (_FREE_OF_NAME, _FREE_OF_ADDRESS), strict=True):
                    _count(db, key, free, now)
                return
        raise TooManyAttempts(minutes=max(1, round((until - now).total_seconds() / 60)))

    def succeed(self, name: str, address: str) -> None:
        """Forget the failures of the name; take the last one off the address, no more: others may share it."""
        of_name, of_address = _keys(name, address)
        fewer = case((Attempt.failures > 0, Attempt.failures - 1), else_=0)
        with self.store.note() as db:
            db.execute(delete(Attempt).where(Attempt.key == of_name))
            db.execute(update(Attempt).where(Attempt.key == of_address).values(failures=fewer, until=None))

    def clear(self, db: Connection, name: str) -> None:
        """Open the name again: its password was set anew."""
        db.execute(delete(Attempt).where(Attempt.key == _keys(name, "")[0]))


def _keys(name: str, address: str) -> tuple[str, str]:
    parts = (f"name:{name}", f"address:{network_of(address)}")
    first, second = (hashlib.sha256(part.encode()).hexdigest() for part in parts)
    return first, second


def _count(db: Connection, key: str, free: int, now: datetime) -> None:
    failures = (db.execute(select(Attempt.failures).where(Attempt.key == key)).scalar_one_or_none() or 0) + 1
    until = None if failures < free else now + min(_FIRST * 2 ** min(failures - free, 10), _LONGEST)
    db.execute(delete(Attempt).where(Attempt.key == key))
    db.execute(insert(Attempt).values(key=key, failures=failures, last=now, until=until))


def _forget(db: Connection, now: datetime) -> None:
    """Drop what is a day old, and the oldest when somebody fills the table with names."""
    db.execute(delete(Attempt).where(Attempt.last < now - _FORGOTTEN))
    if db.execute(select(func.count()).select_from(Attempt)).scalar_one() >= _MOST_ROWS:
        oldest = select(Attempt.key).order_by(Attempt.last).limit(_MOST_ROWS // 20)
        db.execute(delete(Attempt).where(Attempt.key.in_(oldest)))
