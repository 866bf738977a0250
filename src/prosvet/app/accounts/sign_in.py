"""Signing in and out: the one place where a password is judged."""

from __future__ import annotations

from sqlalchemy import update

from prosvet.app.accounts.attempts import Attempts
from prosvet.app.accounts.passwords import MOST, hash_password, is_right, is_stale
from prosvet.app.accounts.people import People
from prosvet.app.accounts.secrets import Clock
from prosvet.app.accounts.sessions import Sessions
from prosvet.archive.schema_app import Account
from prosvet.archive.store import Store
from prosvet.core import clock
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import SignInRefused

__all__ = ["judge", "sign_in", "sign_out"]

_UNKNOWN = "unknown"
"""Written for a name that is no account: people type their passwords there by mistake."""


def sign_in(
    name: str, password: str, address: str, context: Context, *, instead_of: str = "", now: Clock = clock.now
) -> str:
    """Start a session: its secret, for the cookie.

    Parameters
    ----------
    address : str
        From where; failures are counted by address too.
    instead_of : str
        The secret that the browser had before; it is never used again.

    Raises
    ------
    SignInRefused
        For a wrong name or password, without telling which.
    TooManyAttempts
    """
    name = name.strip().lower()
    judge(name, password, address, context, now=now)
    secret = context.get(Sessions).start(name, instead_of)
    _audit(context, name).write("sign_in")
    return secret


def judge(name: str, password: str, address: str, context: Context, *, now: Clock = clock.now) -> None:
    """Pass when the password is right; count a failure otherwise. Takes the same time for a name that is no account.

    Raises
    ------
    SignInRefused, TooManyAttempts
    """
    store = context.get(Store)
    people, attempts = People(store, now), Attempts(store, now)
    attempts.begin(name, address)
    stored = people.stored_password(name)
    if not is_right(password[: MOST + 1], stored):
        _audit(context, name if stored else _UNKNOWN).write("sign_in_refused")
        raise SignInRefused()
    attempts.succeed(name, address)
    if stored is not None and is_stale(stored):
        with store.note() as db:
            db.execute(update(Account).where(Account.name == name).values(password=hash_password(password)))


def sign_out(secret: str, context: Context) -> None:
    """End the session."""
    context.get(Sessions).end(secret)
    AuditLog.from_context(context).write("sign_out")


def _audit(context: Context, name: str) -> AuditLog:
    return AuditLog(AuditLog.from_context(context).path, name)
