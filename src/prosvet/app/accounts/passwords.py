"""Passwords: argon2id, a lower bound on length, and the same work whether or not there is such an account."""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from prosvet.core.errors import AccountRefused

__all__ = ["LEAST", "MOST", "check_password", "hash_password", "is_right", "is_stale"]

LEAST, MOST = 10, 256
"""Length of a password, characters. Length is what counts: no rules about digits and capitals (NIST SP 800-63B)."""

_LEAST_DIFFERENT = 5  # characters; "aaaaaaaaaa" and "1212121212" have fewer
_hasher = PasswordHasher()  # RFC 9106, the profile for little memory: argon2id, 64 MiB, 3 passes
_room = BoundedSemaphore(2)  # so that a burst of sign-ins takes 128 MiB and not gigabytes


def check_password(name: str, password: str) -> None:
    """Refuse what is guessed at once.

    Raises
    ------
    AccountRefused
    """
    if not LEAST <= len(password) <= MOST:
        raise AccountRefused(name=name, reason="password_length", least=LEAST, most=MOST)
    plain = password.casefold()
    if len(set(plain)) < _LEAST_DIFFERENT or (name and name.casefold() in plain and len(plain) < 2 * LEAST):
        raise AccountRefused(name=name, reason="password_plain")


def hash_password(password: str) -> str:
    """The argon2id hash, with its own salt and parameters in it."""
    with _room:
        return _hasher.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Whether `password` is the one of the hash `stored`; without a hash the same work is done for nothing."""
    with _room:
        try:
            return _hasher.verify(stored or _nobody(), password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


def is_stale(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    """A hash that no account has."""
    return _hasher.hash("nobody's")
