"""What a route is given: the request's own context, and the role it asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from prosvet.core.actor import Actor, Role
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden
from prosvet.core.i18n import LANGS, Lang

__all__ = ["ContextDep", "language_of", "request_context", "require"]


def language_of(request: Request, default: Lang) -> Lang:
    """The language chosen in the browser (cookie ``lang``), else the first it accepts that we speak, else `default`.

    Examples
    --------
    >>> language_of(Request({"type": "http", "headers": [(b"accept-language", b"en-GB,ru;q=0.5")]}), "ru")
    'en'
    """
    chosen = request.cookies.get("lang")
    accepted = [
        part.split(";")[0].strip()[:2].lower() for part in request.headers.get("accept-language", "").split(",")
    ]
    return next((lang for word in [chosen, *accepted] for lang in LANGS if lang == word), default)


def request_context(request: Request) -> Context:
    """The process's context in the language and the name of whoever asks."""
    whole: Context = request.app.state.context
    # Before the guard has said who it is (or without one): nobody, never the owner of the computer.
    actor: Actor = getattr(request.state, "actor", None) or Actor("", "researcher")
    return whole.child(lang=language_of(request, whole.lang), actor=actor)


ContextDep = Annotated[Context, Depends(request_context)]


def require(role: Role) -> Callable[[Context], None]:
    """A dependency that lets `role` and those above it pass.

    Raises
    ------
    Forbidden
        From the dependency, for anyone below.
    """

    def check(context: ContextDep) -> None:
        if not context.actor.may(role):
            raise Forbidden(role=role)

    return check
