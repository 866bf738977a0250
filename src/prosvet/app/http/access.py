"""The outer door of every route: the role that the table of roles asks for, and the scope of a token.

Whose study it is, and what a capability asks besides, is judged by the capability itself.
"""

from __future__ import annotations

from fastapi import Request

from prosvet.app.http.roles import LEAST, READING
from prosvet.core.actor import Actor
from prosvet.core.errors import Forbidden, ScopeMissing

__all__ = ["MANAGING", "SAFE", "allowed", "scope_of"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

MANAGING = "/v1/accounts"
"""Where a token needs the scope ``admin``: otherwise a stolen one could make itself others."""


def scope_of(method: str, path: str, template: str) -> str:
    """The scope that a token needs for a request.

    Examples
    --------
    >>> scope_of("GET", "/v1/studies", "/v1/studies"), scope_of("POST", "/v1/jobs", "/v1/jobs")
    ('read', 'write')
    """
    if path.startswith(MANAGING):
        return "admin"
    return "read" if method in SAFE or f"{method} {template}" in READING else "write"


def allowed(request: Request) -> None:
    """The dependency of every route: whoever asks has the role that the table says, and the token its scope.

    Raises
    ------
    Forbidden, ScopeMissing
    """
    if not request.app.state.accounts:
        return
    template = request.scope["route"].path
    method = "GET" if request.method == "HEAD" else request.method
    least = LEAST.get(f"{method} {template}")
    if least == "everybody":
        return
    actor: Actor = request.state.actor
    if least is None or not actor.may(least):
        raise Forbidden(role=least or "admin")
    scope: frozenset[str] | None = request.state.scope
    needed = scope_of(method, request.url.path, template)
    if scope is not None and needed not in scope:
        raise ScopeMissing(scope=needed)
