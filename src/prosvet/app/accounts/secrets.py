"""Secrets of sessions and tokens: random, shown to their owner once, and kept as hashes only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime

__all__ = ["Clock", "csrf_holds", "csrf_token", "fingerprint", "new_secret"]

Clock = Callable[[], datetime]
"""Now, UTC without a zone, as the tables keep it."""


def new_secret() -> str:
    """256 random bits, as 43 characters that fit into a cookie."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """What is stored of a secret: its SHA-256. A secret of 256 random bits needs no slower hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(secret: str) -> str:
    """What a page carries to show that it is ours: made of the cookie `secret`, which other sites cannot read.

    Each page has another one, so that the compressed length of pages tells nothing of it.

    Examples
    --------
    >>> one, other = csrf_token("cookie"), csrf_token("cookie")
    >>> one != other, csrf_holds(one, "cookie"), csrf_holds(one, "another")
    (True, True, False)
    """
    return _csrf(secrets.token_hex(8), secret) if secret else ""


def csrf_holds(token: str, secret: str) -> bool:
    """Whether `token` was made for the cookie `secret`."""
    nonce = token.partition(".")[0]
    return bool(secret) and hmac.compare_digest(token.encode(), _csrf(nonce, secret).encode())


def _csrf(nonce: str, secret: str) -> str:
    return f"{nonce}.{hmac.new(secret.encode(), f'csrf {nonce}'.encode(), hashlib.sha256).hexdigest()}"
