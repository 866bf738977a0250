"""The tables of the program itself: jobs, accounts, sessions, tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from prosvet.archive.schema import Base

__all__ = ["Account", "Job", "SignedIn", "Token"]


class Job(Base):
    """Long work. ``state`` is waiting, running, done, failed or cancelled; ``request`` is the capability's own."""

    __tablename__ = "jobs"
    id: Mapped[str] = mapped_column(primary_key=True)
    capability: Mapped[str]
    request: Mapped[dict[str, Any]]
    owner: Mapped[str] = mapped_column(index=True)
    lang: Mapped[str]
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
    """A person who may sign in. ``password`` is an argon2id hash; ``role`` one of the roles of the core."""

    __tablename__ = "accounts"
    name: Mapped[str] = mapped_column(primary_key=True)
    full_name: Mapped[str]
    role: Mapped[str]
    password: Mapped[str]
    active: Mapped[bool]
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
    created: Mapped[datetime]


class SignedIn(Base):
    """A session of a browser; ``key`` is the hash of what the cookie holds."""

    __tablename__ = "sessions"
    key: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name", ondelete="CASCADE"), index=True)
    csrf: Mapped[str]
    created: Mapped[datetime]
    seen: Mapped[datetime]


class Token(Base):
    """A token of the API; ``key`` is its hash, ``scope`` a space-separated list of read, write, admin."""

    __tablename__ = "tokens"
    key: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    scope: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    used: Mapped[datetime | None]
