"""Everybody's accounts, for admins: add, change the role, set a password, close and open again."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import SecretStr

from prosvet.app.accounts.api import AccountsRequest, run
from prosvet.app.http.deps import ContextDep, require
from prosvet.app.http.errors import error_body
from prosvet.app.web.render import page
from prosvet.core.actor import ROLES, Role
from prosvet.core.context import Context
from prosvet.core.errors import AccessError, ProsvetError

__all__ = ["router"]

router = APIRouter(dependencies=[Depends(require("admin"))])

_DONE = ("added", "changed", "closed", "opened", "password")
_Change = Literal["role", "password", "close", "open"]
_SAID: dict[_Change, str] = {"role": "changed", "password": "password", "close": "closed", "open": "opened"}


@router.get("/accounts")
def accounts(request: Request, context: ContextDep, done: str = "", name: str = "") -> Response:
    """The list."""
    return _accounts(request, context, done=done if done in _DONE else "", name=name[:64])


@router.post("/accounts")
def add(
    request: Request,
    context: ContextDep,
    name: Annotated[str, Form(max_length=64)] = "",
    full_name: Annotated[str, Form(max_length=120)] = "",
    role: Annotated[Role, Form()] = "reader",
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A new account."""
    name = name.strip().lower()
    asked = AccountsRequest(action="add", name=name, full_name=full_name, role=role, password=SecretStr(password))
    try:
        run(asked, context)
    except AccessError as error:
        given = {"name": name, "full_name": full_name, "role": role}
        return _accounts(request, context, error=error, given=given)
    return RedirectResponse(f"/accounts?done=added&name={name}", 303)


@router.post("/accounts/{name}")
def change(
    request: Request,
    context: ContextDep,
    name: str,
    what: Annotated[_Change, Form()],
    role: Annotated[Role | None, Form()] = None,
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """One change of one account."""
    asked = AccountsRequest(
        action="change",
        name=name[:64],
        role=role if what == "role" else None,
        password=SecretStr(password) if what == "password" else None,
        active={"close": False, "open": True}.get(what),
    )
    try:
        run(asked, context)
    except AccessError as error:
        return _accounts(request, context, error=error)
    return RedirectResponse(f"/accounts?done={_SAID[what]}&name={name}", 303)


def _accounts(
    request: Request,
    context: Context,
    *,
    done: str = "",
    name: str = "",
    error: ProsvetError | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    people = run(AccountsRequest(action="list"), context).accounts
    told = None if error is None else error_body(error, context.lang).error
    return page(
        request, context, "accounts.html", error.http_status if error else 200, people=people, roles=ROLES, done=done,
        name=name, error=told, given=given or {"name": "", "full_name": "", "role": "reader"},
    )  # fmt: skip
