"""Who may do what: a literal table of every route and the least role that may use it.

A route that is not here is refused to everybody who signs in (a test finds it before that). The roles of this table
are the outer door; whose study it is, and what a capability asks besides, is judged by the capability itself.
"""

from __future__ import annotations

from typing import Literal

from fastapi import Request

from prosvet.core.context import Actor, Role
from prosvet.core.errors import Forbidden, ScopeMissing

__all__ = ["BROWSER_ONLY", "LEAST", "OPEN", "READING", "allowed", "scope_of"]

Least = Role | Literal["everybody"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

LEAST: dict[str, Least] = {
    # Without signing in: the process's health, the choice of a language, signing in itself.
    "GET /healthz": "everybody",
    "GET /readyz": "everybody",
    "POST /choose": "everybody",
    "GET /sign-in": "everybody",
    "POST /sign-in": "everybody",
    # One's own account.
    "GET /": "researcher",
    "POST /sign-out": "researcher",
    "GET /account": "researcher",
    "POST /account/password": "researcher",
    "POST /account/tokens": "researcher",
    "POST /account/tokens/{token}/revoke": "researcher",
    "GET /v1/me": "researcher",
    # Everybody's accounts.
    "GET /accounts": "admin",
    "POST /accounts": "admin",
    "POST /accounts/{name}": "admin",
    "GET /v1/accounts": "admin",
    "POST /v1/accounts": "admin",
    "PATCH /v1/accounts/{name}": "admin",
    "DELETE /v1/accounts/{name}": "admin",
    "GET /v1/accounts/{name}/tokens": "researcher",
    "POST /v1/accounts/{name}/tokens": "researcher",
    "DELETE /v1/accounts/{name}/tokens/{token}": "researcher",
}

OPEN = frozenset(key.partition(" ")[2] for key, least in LEAST.items() if least == "everybody")
"""Paths that are answered without signing in; files under ``/static/`` are too."""

READING = frozenset[str]()
"""Changes by method only: questions too long for an address. A token to read is enough for them."""

MANAGING = ("/v1/accounts",)
"""Where a token needs the scope ``admin``: otherwise a stolen one could make itself others."""

BROWSER_ONLY = ("/account", "/accounts", "/sign-out", "/sign-in")
"""Pages that a token never opens."""


def scope_of(method: str, path: str, template: str) -> str:
    """The scope that a token needs for a request.

    Examples
    --------
    >>> scope_of("GET", "/v1/studies", "/v1/studies"), scope_of("POST", "/v1/jobs", "/v1/jobs")
    ('read', 'write')
    """
    if path.startswith((*MANAGING, *BROWSER_ONLY)):
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
