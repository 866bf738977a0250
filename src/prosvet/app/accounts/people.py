"""The accounts: add, change, close, list. Nobody can take the last admin away, nor take over a closed name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import Connection, delete, func, insert, select, update

from prosvet.app.accounts.attempts import Attempts
from prosvet.app.accounts.passwords import check_password, hash_password
from prosvet.app.accounts.secrets import Clock
from prosvet.archive.schema_app import Account, SignedIn, Token
from prosvet.archive.store import Store
from prosvet.core import clock
from prosvet.core.actor import Role
from prosvet.core.errors import AccountRefused, NotFound
from prosvet.core.types import Frozen, Moment

__all__ = ["NAME", "People", "Person"]

NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
"""Small Latin letters, so that two names never look alike; the full name is written as people write it."""

_RESERVED = frozenset({"local", "prosvet", "program", "anonymous"})


class Person(Frozen):
    """An account without its password. ``active`` is False of a closed one; ``created`` is UTC."""

    name: str
    full_name: str
    role: Role
    active: bool
    created: Moment


@dataclass(frozen=True)
class People:
    """The accounts in `store`."""

    store: Store
    now: Clock = clock.now

    def all(self) -> tuple[Person, ...]:
        """Everybody, by name."""
        with self.store.read() as db:
            return tuple(_person(row) for row in db.execute(select(Account.__table__).order_by(Account.name)))

    def get(self, name: str) -> Person:
        """One account.

        Raises
        ------
        NotFound
        """
        with self.store.read() as db:
            return _one(db, name)

    def has_admin(self) -> bool:
        """Whether somebody may manage accounts."""
        with self.store.read() as db:
            return _admins(db) > 0

    def add(self, name: str, role: Role, full_name: str, password: str) -> Person:
        """A new account.

        Raises
        ------
        AccountRefused
            When the name is taken, reserved or misspelt, or the password too weak.
        """
        if not NAME.fullmatch(name):
            raise AccountRefused(name=name, reason="bad_name")
        check_password(name, password)
        hashed = hash_password(password)
        with self.store.note() as db:
            taken = db.execute(select(Account.name).where(Account.name == name)).first()
            if taken or name in _RESERVED:
                raise AccountRefused(name=name, reason="taken")
            db.execute(
                insert(Account).values(
                    name=name, full_name=full_name or name, role=role, password=hashed, active=True, created=self.now()
                )
            )
            return _one(db, name)

    def change(
        self, name: str, *, role: Role | None = None, full_name: str | None = None, active: bool | None = None
    ) -> Person:
        """Change what is given. A closed account has no sessions and no tokens.

        Raises
        ------
        NotFound, AccountRefused
            The latter for the last admin.
        """
        given = {"role": role, "full_name": full_name, "active": active}
        values = {key: value for key, value in given.items() if value is not None}
        with self.store.note() as db:
            person = _one(db, name)
            loses = role not in (None, "admin") or active is False
            if loses and person.role == "admin" and person.active and _admins(db) == 1:
                raise AccountRefused(name=name, reason="last_admin")
            if values:
                db.execute(update(Account).where(Account.name == name).values(**values))
            if active is False:
                _end(db, name, tokens=True)
            return _one(db, name)

    def set_password(self, name: str, password: str, *, tokens_too: bool) -> None:
        """A new password; every session ends, and with `tokens_too` every token.

        Raises
        ------
        NotFound, AccountRefused
        """
        check_password(name, password)
        hashed = hash_password(password)
        with self.store.note() as db:
            _one(db, name)
            db.execute(update(Account).where(Account.name == name).values(password=hashed))
            _end(db, name, tokens=tokens_too)
            Attempts(self.store, self.now).clear(db, name)

    def stored_password(self, name: str) -> str | None:
        """The hash of an open account's password; None where there is no such account."""
        query = select(Account.password).where(Account.name == name, Account.active)
        with self.store.read() as db:
            return db.execute(query).scalar_one_or_none()


def _one(db: Connection, name: str) -> Person:
    row = db.execute(select(Account.__table__).where(Account.name == name)).first()
    if row is None:
        raise NotFound(kind="account", name=name)
    return _person(row)


def _person(row: object) -> Person:
    values = {key: getattr(row, key) for key in ("name", "full_name", "role", "active", "created")}
    return Person(**{**values, "created": values["created"].replace(tzinfo=UTC)})


def _admins(db: Connection) -> int:
    query = select(func.count()).select_from(Account).where(Account.role == "admin", Account.active)
    return db.execute(query).scalar_one()


def _end(db: Connection, name: str, *, tokens: bool) -> None:
    db.execute(delete(SignedIn).where(SignedIn.account == name))
    if tokens:
        db.execute(delete(Token).where(Token.account == name))
