"""Signing in and out, and one's own account: password and tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from prosvet.app.accounts.api import AccountsRequest, AccountsResult, run
from prosvet.app.accounts.sessions import LONGEST, Sessions
from prosvet.app.accounts.sign_in import sign_in, sign_out
from prosvet.app.accounts.tokens import SCOPES, Scope
from prosvet.app.http.browser import address_of, cookie_name, is_local_host, secure
from prosvet.app.http.deps import ContextDep
from prosvet.app.http.errors import error_body
from prosvet.app.http.identity import session_of
from prosvet.app.web.render import page
from prosvet.core.context import Context
from prosvet.core.errors import AccessError, AccountRefused, InsecureConnection, InvalidRequest, NotFound, ProsvetError

__all__ = ["router"]

router = APIRouter()

_DAYS = ("30", "90", "365", "")


@router.get("/sign-in")
def ask(request: Request, context: ContextDep, next: str = "/") -> Response:
    """The page that asks for name and password."""
    _need_accounts(request)
    if context.actor.name:
        return RedirectResponse(_ours(next), 303)
    return _asked(request, context, next)


@router.post("/sign-in")
def enter(
    request: Request,
    context: ContextDep,
    name: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Sign in: always a new session, whatever the browser showed before."""
    _need_accounts(request)
    try:
        if _is_open(request):
            raise InsecureConnection()
        secret = sign_in(name, password, address_of(request), context, instead_of=session_of(request))
    except AccessError as error:
        return _asked(request, context, next, error, name)
    return _with_session(RedirectResponse(_ours(next), 303), request, secret)


@router.post("/sign-out")
def leave(request: Request, context: ContextDep) -> Response:
    """Sign out, here."""
    sign_out(session_of(request), context)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(cookie_name(request), secure=secure(request), httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@router.get("/account")
def account(request: Request, context: ContextDep, done: str = "") -> Response:
    """My account."""
    return _account(request, context, done="password" if done == "password" else "")


@router.post("/account/password")
def password(
    request: Request,
    context: ContextDep,
    current: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
    again: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A new password: every session ends, and this browser gets a new one."""
    name = context.actor.name
    try:
        if new != again:
            raise AccountRefused(name=name, reason="passwords_differ")
        asked = AccountsRequest(
            action="password", name=name, current=SecretStr(current), password=SecretStr(new),
            address=address_of(request)[:64],
        )  # fmt: skip
        run(asked, context)
    except AccessError as error:
        return _account(request, context, error=error, where="password")
    secret = context.get(Sessions).start(name)
    return _with_session(RedirectResponse("/account?done=password", 303), request, secret)


@router.post("/account/tokens")
def make_token(
    request: Request,
    context: ContextDep,
    label: Annotated[str, Form(max_length=64)] = "",
    scope: Annotated[list[Scope] | None, Form()] = None,
    days: Annotated[Literal["30", "90", "365", ""], Form()] = "90",
) -> Response:
    """A new token; its secret is on the page that answers and nowhere else."""
    try:
        asked = AccountsRequest(
            action="token", name=context.actor.name, label=label, scope=tuple(scope or ("read",)),
            days=int(days) if days else None,
        )  # fmt: skip
        made = run(asked, context)
    except (AccessError, InvalidRequest) as error:
        return _account(request, context, error=error, where="token")
    return _account(request, context, made=made)


@router.post("/account/tokens/{token}/revoke")
def revoke_token(token: str, context: ContextDep) -> Response:
    """End a token at once."""
    run(AccountsRequest(action="revoke", name=context.actor.name, token=token[:64]), context)
    return RedirectResponse("/account", 303)


def _account(
    request: Request,
    context: Context,
    *,
    done: str = "",
    error: ProsvetError | None = None,
    where: str = "",
    made: AccountsResult | None = None,
) -> Response:
    _need_accounts(request)
    name = context.actor.name
    person = run(AccountsRequest(action="show", name=name), context).accounts[0]
    tokens = run(AccountsRequest(action="tokens", name=name), context).tokens
    scopes = SCOPES if context.actor.may("admin") else SCOPES[:2]
    told = None if error is None else error_body(error, context.lang).error
    return page(
        request, context, "account.html", error.http_status if error else 200, person=person, tokens=tokens,
        scopes=scopes, days=_DAYS, done=done, error=told, where=where, made=made,
    )  # fmt: skip


def _asked(
    request: Request, context: Context, next: str, error: ProsvetError | None = None, name: str = ""
) -> Response:  # fmt: skip
    """The page for signing in; over an open connection it says so instead of asking for a password."""
    told = None if error is None else error_body(error, context.lang).error
    status = error.http_status if error else 200
    open_line = error_body(InsecureConnection(), context.lang).error if _is_open(request) else None
    return page(
        request, context, "sign_in.html", status, error=open_line or told, open_line=open_line is not None,
        name=name, next=_ours(next),
    )  # fmt: skip


def _need_accounts(request: Request) -> None:
    if not request.app.state.accounts:
        raise NotFound(kind="page", name=request.url.path)


def _is_open(request: Request) -> bool:
    """Whether a password would travel over a network in clear."""
    return not secure(request) and not is_local_host(request.headers.get("host", ""))


def _ours(next: str) -> str:
    """`next` when it is a page of ours, else the first page.

    Examples
    --------
    >>> _ours("/study/S1?a=1"), _ours("//evil.example"), _ours("https://evil.example"), _ours("/\\t/evil.example")
    ('/study/S1?a=1', '/', '/', '/')
    """
    plain = next.isprintable() and "\\" not in next and next.startswith("/") and not next.startswith("//")
    return next if plain else "/"


def _with_session(response: Response, request: Request, secret: str) -> Response:
    longest = int(LONGEST / timedelta(seconds=1))
    response.set_cookie(
        cookie_name(request), secret, max_age=longest, secure=secure(request), httponly=True, samesite="lax"
    )  # fmt: skip
    return response
