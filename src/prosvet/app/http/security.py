"""What stands before every route: who asks, strict headers, limits, protection against forged requests.

Plain ASGI, so that streams and large files pass through as they come. What is refused here never reaches a route.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from prosvet.app.accounts.secrets import csrf_holds, csrf_token, new_secret
from prosvet.app.http.access import SAFE
from prosvet.app.http.body import SMALL, UPLOADS, Measured, field_of, is_large_kind
from prosvet.app.http.browser import ANONYMOUS_COOKIE, comes_from_a_page, cookie_name, is_foreign, is_local_host, secure
from prosvet.app.http.errors import answer
from prosvet.app.http.headers import HEADERS, HSTS
from prosvet.app.http.identity import NOBODY, Identity, alone, identify
from prosvet.app.http.roles import OPEN
from prosvet.core.errors import BodyTooLarge, Busy, ForgedRequest, NotSignedIn, ProsvetError, WrongHost

__all__ = ["HEADERS", "guard"]

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def guard(app: FastAPI) -> None:
    """Put the guards in front of `app`."""
    app.add_middleware(_Guard)


class _Guard:
    def __init__(self, app: ASGIApp) -> None:
        self.app, self.uploads = app, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)  # the start and the end; there is no other
            return
        request = Request(scope, receive)
        request.state.actor, request.state.csrf, request.state.scope = NOBODY, "", None
        visit = _Visit(request, send)
        limit = request.app.state.context.settings.max_bytes + SMALL if is_large_kind(request) else SMALL
        body = Measured(receive, limit)
        try:
            early = await self._judge(request, body, visit)
        except ProsvetError as error:
            early = answer(request, error, _extra(error))
        if early is not None:
            await early(scope, receive, visit.send)
            return
        await self._pass_on(request, body, visit)

    async def _judge(self, request: Request, body: Measured, visit: _Visit) -> Response | None:
        """Let the request pass, answer it here, or raise."""
        context, accounts = request.app.state.context, request.app.state.accounts
        if not accounts:
            _check_host(request)
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > body.limit:
            raise BodyTooLarge(megabytes=body.limit // 1_000_000)
        if request.url.path.startswith("/static/"):
            return None
        found = await run_in_threadpool(identify, request, context) if accounts else alone(request)
        if not found.cookie and found.scope is None:
            found = visit.greet(found)
        state = request.state
        state.actor, state.csrf, state.scope = found.actor, csrf_token(found.cookie), found.scope
        if found.actor == NOBODY and request.url.path not in OPEN:
            return _to_sign_in(request)
        if request.method not in SAFE and found.scope is None:
            await _check_csrf(request, body, found, accounts)
        return None

    async def _pass_on(self, request: Request, body: Measured, visit: _Visit) -> None:
        upload = request.method not in SAFE and is_large_kind(request)
        if upload and self.uploads >= UPLOADS:
            await answer(request, Busy(), _extra(Busy()))(request.scope, body, visit.send)
            return
        self.uploads += upload
        visit.body = body
        try:
            await self.app(request.scope, body, visit.send)
        finally:
            self.uploads -= upload


class _Visit:
    """The answer on its way out: the headers that every answer has, and the limit of the body when it was passed."""

    def __init__(self, request: Request, send: Send) -> None:
        self.request, self._send = request, send
        self.body: Measured | None = None
        self._cookie, self._replaced = "", False

    def greet(self, found: Identity) -> Identity:
        """Give a browser that has none the cookie that its forms will be held against."""
        self._cookie = new_secret()
        return Identity(found.actor, self._cookie, found.scope)

    async def send(self, message: Message) -> None:
        if self._replaced:
            return
        if message["type"] == "http.response.start":
            if self.body is not None and self.body.exceeded:
                self._replaced, limit = True, self.body.limit
                self.body = None
                refusal = answer(self.request, BodyTooLarge(megabytes=limit // 1_000_000))
                await refusal(self.request.scope, self.request.receive, self._dressed)
                return
            self._dress(message)
        await self._send(message)

    async def _dressed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._dress(message)
        await self._send(message)

    def _dress(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in HEADERS.items():
            headers.setdefault(name, value)
        headers.setdefault("Cache-Control", "no-store")
        if secure(self.request):
            headers.setdefault("Strict-Transport-Security", HSTS)
        if self._cookie and headers.get("content-type", "").startswith("text/html"):
            flags = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure(self.request) else "")
            headers.append("Set-Cookie", f"{cookie_name(self.request, ANONYMOUS_COOKIE)}={self._cookie}{flags}")


def _check_host(request: Request) -> None:
    """Without accounts only this computer itself is answered, and no proxy that stands for others.

    Raises
    ------
    WrongHost
    """
    host = request.headers.get("host", "")
    if not is_local_host(host) or any(name in request.headers for name in _FORWARDED):
        raise WrongHost(host=host[:100])


async def _check_csrf(request: Request, body: Measured, found: Identity, accounts: bool) -> None:
    """A change is asked for by a page of ours, or, where there are no accounts, by a program on this computer.

    Raises
    ------
    ForgedRequest
    """
    if is_foreign(request):
        raise ForgedRequest()
    if not accounts and not comes_from_a_page(request):
        return
    given = request.headers.get("x-csrf-token") or await field_of(request, body, "csrf")
    if not csrf_holds(given, found.cookie):
        raise ForgedRequest()


def _to_sign_in(request: Request) -> Response:
    """Whoever has not signed in: the way to the page for it, or the error for programs and parts of pages."""
    path = request.url.path
    if request.method != "GET" or path.startswith("/v1/"):
        return answer(request, NotSignedIn(), _extra(NotSignedIn()))
    there = f"/sign-in?next={quote(path + (f'?{request.url.query}' if request.url.query else ''), safe='')}"
    if request.headers.get("hx-request") == "true":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": "/sign-in"})
    return RedirectResponse(there if path != "/" else "/sign-in", HTTPStatus.SEE_OTHER)


def _extra(error: ProsvetError) -> dict[str, str]:
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": "5"} if isinstance(error, Busy) else {}
