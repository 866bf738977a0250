"""Tokens of the API, for programs: shown once, kept as hashes, limited by scope and by time, revocable."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from sqlalchemy import delete, func, insert, select, update

from prosvet.app.accounts.secrets import Clock, fingerprint, new_secret
from prosvet.archive.schema_app import Account, Token
from prosvet.archive.store import Store
from prosvet.core import clock
from prosvet.core.actor import Actor, Role
from prosvet.core.context import Context
from prosvet.core.errors import AccountRefused, ArchiveError, NotFound
from prosvet.core.types import Frozen, Moment

__all__ = ["PREFIX", "SCOPES", "Bearer", "Scope", "TokenView", "Tokens"]

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "write", "admin")

log = logging.getLogger(__name__)

PREFIX = "prosvet_"
"""So that a token that was published by mistake is recognised."""

_MOST = 20  # of one account
_STEP = timedelta(minutes=10)


class TokenView(Frozen):
    """A token without its secret; ``id`` is the beginning of its hash. Times are UTC."""

    id: str
    name: str
    scope: tuple[Scope, ...]
    created: Moment
    expires: Moment | None
    used: Moment | None


@dataclass(frozen=True)
class Bearer:
    """Who uses a token, and what it is for."""

    actor: Actor
    scope: frozenset[str]


@dataclass(frozen=True)
class Tokens:
    """The tokens in `store`."""

    store: Store
    now: Clock = clock.now

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The tokens of the context's archive."""
        return cls(context.get(Store))

    def make(self, account: str, name: str, scope: tuple[Scope, ...], days: int | None) -> tuple[TokenView, str]:
        """A new token and its secret, which is told this once.

        Raises
        ------
        NotFound
            When there is no such account, or it is closed.
        AccountRefused
            For a name that is in use, a token too many, or the scope admin of somebody who is none.
        """
        secret, now = PREFIX + new_secret(), self.now()
        with self.store.note() as db:
            role = db.execute(select(Account.role).where(Account.name == account, Account.active)).scalar_one_or_none()
            if role is None:
                raise NotFound(kind="account", name=account)
            if "admin" in scope and role != "admin":
                raise AccountRefused(name=account, reason="scope_above_role")
            names = db.execute(select(Token.name).where(Token.account == account)).scalars().all()
            if name in names or len(names) >= _MOST:
                raise AccountRefused(name=name, reason="token_taken" if name in names else "tokens_many", most=_MOST)
            ordered = tuple(one for one in SCOPES if one in scope)
            values = {"name": name, "created": now, "expires": now + timedelta(days=days) if days else None}
            key = fingerprint(secret)
            db.execute(insert(Token).values(key=key, account=account, scope=" ".join(ordered), used=None, **values))
            row = db.execute(select(Token.__table__).where(Token.key == key)).one()
        return _view(row), secret

    def of(self, account: str) -> tuple[TokenView, ...]:
        """The account's tokens, the newest first."""
        query = select(Token.__table__).where(Token.account == account).order_by(Token.created.desc(), Token.name)
        with self.store.read() as db:
            return tuple(_view(row) for row in db.execute(query))

    def revoke(self, account: str, token: str) -> TokenView:
        """End a token at once.

        Raises
        ------
        NotFound
        """
        with self.store.note() as db:
            mine = Token.account == account, func.substr(Token.key, 1, 12) == token
            row = db.execute(select(Token.__table__).where(*mine)).first()
            if row is None:
                raise NotFound(kind="token", name=token)
            db.execute(delete(Token).where(*mine))
        return _view(row)

    def find(self, secret: str) -> Bearer | None:
        """Who uses the token; None when it was revoked, has expired or never was.

        Without the scope ``admin`` an admin's token has the rights of a senior.
        """
        key, now = fingerprint(secret), self.now()
        query = select(Account.name, Account.role, Token.scope, Token.expires, Token.used)
        query = query.join(Token, Token.account == Account.name).where(Token.key == key, Account.active)
        with self.store.read() as db:
            row = db.execute(query).first()
        if row is None or (row.expires is not None and row.expires <= now):
            return None
        if row.used is None or now - row.used >= _STEP:
            self._note(key, now)
        scope = frozenset(row.scope.split())
        role: Role = "senior" if row.role == "admin" and "admin" not in scope else row.role
        return Bearer(Actor(row.name, role), scope)

    def _note(self, key: str, now: datetime) -> None:
        try:
            with self.store.note() as db:
                db.execute(update(Token).where(Token.key == key).values(used=now))
        except ArchiveError as error:
            log.warning("the use of a token was not noted: %s", error)


def _view(row: object) -> TokenView:
    times = {name: getattr(row, name) for name in ("created", "expires", "used")}
    known = {name: value and value.replace(tzinfo=UTC) for name, value in times.items()}
    key, name, scope = (str(getattr(row, part)) for part in ("key", "name", "scope"))
    return TokenView.model_validate({"id": key[:12], "name": name, "scope": tuple(scope.split()), **known})
