"""Who sits at a computer without accounts: several people may share it, and one of them says who reads.

The name is taken on trust, and goes into opinions, signatures and the audit log. With accounts it is the account's.
"""

from __future__ import annotations

import re

from starlette.requests import Request

from prosvet.core.actor import Actor

__all__ = ["COOKIE", "is_name", "whoever_sits_here"]

COOKIE = "reader"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def is_name(name: str) -> bool:
    """Latin letters, digits, dot, dash and underscore; at most 40.

    Examples
    --------
    >>> is_name("petrova"), is_name("model:compact")
    (True, False)
    """
    return _NAME.fullmatch(name) is not None


def whoever_sits_here(request: Request) -> Actor:
    """The owner of the computer, under the name that this browser keeps."""
    name = request.cookies.get(COOKIE, "")
    return Actor(name) if is_name(name) else Actor()
