"""Who asks: the bearer of a token, the owner of a session's cookie, or nobody."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from prosvet.app.accounts.sessions import Sessions
from prosvet.app.accounts.tokens import Tokens
from prosvet.app.http.browser import ANONYMOUS_COOKIE, cookie_name
from prosvet.app.http.reader_name import whoever_sits_here
from prosvet.core.actor import Actor
from prosvet.core.context import Context
from prosvet.core.errors import NotSignedIn

__all__ = ["NOBODY", "Identity", "alone", "identify", "session_of"]

NOBODY = Actor("", "researcher")
"""Before signing in: sees the pages of :data:`prosvet.app.http.roles.OPEN` only."""


@dataclass(frozen=True)
class Identity:
    """Who asks.

    Attributes
    ----------
    cookie : str
        The secret that this browser's forms are held against: of the session, or of its own before signing in.
        Empty when it has none yet.
    scope : set of str, or None
        Of a token; None for a person in a browser.
    """

    actor: Actor
    cookie: str = ""
    scope: frozenset[str] | None = None


def alone(request: Request) -> Identity:
    """Where there are no accounts: the person at this computer."""
    return Identity(whoever_sits_here(request), _anonymous(request))


def identify(request: Request, context: Context) -> Identity:
    """Who asks, by the tables of tokens and sessions. Tokens are for programs: pages do not know them.

    Raises
    ------
    NotSignedIn
        For a token that is not good: it is never answered as if there were none.
    """
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and request.url.path.startswith("/v1/"):
        bearer = context.get(Tokens).find(value.strip())
        if bearer is None:
            raise NotSignedIn()
        return Identity(bearer.actor, scope=bearer.scope)
    secret = session_of(request)
    actor = context.get(Sessions).find(secret) if secret else None
    return Identity(NOBODY, _anonymous(request)) if actor is None else Identity(actor, secret)


def session_of(request: Request) -> str:
    """The secret of the session that the browser shows; empty without one. It may have ended."""
    return request.cookies.get(cookie_name(request), "")


def _anonymous(request: Request) -> str:
    return request.cookies.get(cookie_name(request, ANONYMOUS_COOKIE), "")
