"""The tables of the program itself: jobs, accounts, sessions, tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from prosvet.archive.schema import Base

__all__ = ["Account", "Attempt", "Job", "SignedIn", "Token"]


class Job(Base):
    """Long work. ``request`` is the capability's own; it is done in the name of ``owner``, with the ``role`` of then.

    ``state`` is waiting, running, done, failed, cancelled or stopped (the program ended while it ran); ``cancelling``
    asks a running one to stop. ``label``, ``done`` and ``total`` are its present step.
    """

    __tablename__ = "jobs"
    id: Mapped[str] = mapped_column(primary_key=True)
    capability: Mapped[str]
    request: Mapped[dict[str, Any]]
    subject: Mapped[str]
    owner: Mapped[str] = mapped_column(index=True)
    role: Mapped[str]
    lang: Mapped[str]
    cancelling: Mapped[bool]
    state: Mapped[str] = mapped_column(index=True)
    label: Mapped[str]
    done: Mapped[int]
    total: Mapped[int | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    created: Mapped[datetime] = mapped_column(index=True)
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]


class Account(Base):
    """A person who may sign in. ``password`` is an argon2id hash; ``role`` one of the roles of the core.

    A closed account (not ``active``) stays, so that nobody else gets its name with the studies and signatures on it.
    Times of accounts, sessions, tokens and attempts are UTC without a zone.
    """

    __tablename__ = "accounts"
    name: Mapped[str] = mapped_column(primary_key=True)
    full_name: Mapped[str]
    role: Mapped[str]
    password: Mapped[str]
    active: Mapped[bool]
    created: Mapped[datetime]


class Attempt(Base):
    """Failed sign-ins in a row: of a name, whether it exists or not, or of an address. ``key`` is a hash of which."""

    __tablename__ = "attempts"
    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last: Mapped[datetime] = mapped_column(index=True)
    until: Mapped[datetime | None]


class SignedIn(Base):
    """A session of a browser; ``key`` is the hash of what the cookie holds, ``seen`` its last request."""

    __tablename__ = "sessions"
    key: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name", ondelete="CASCADE"), index=True)
    created: Mapped[datetime]
    seen: Mapped[datetime]


class Token(Base):
    """A token of the API; ``key`` is its hash, ``scope`` a space-separated list of read, write, admin."""

    __tablename__ = "tokens"
    __table_args__ = (UniqueConstraint("account", "name"),)
    key: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    scope: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    used: Mapped[datetime | None]
