"""Accounts and tokens under ``/v1``: one's own for everybody, all of them for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import Field, SecretStr

from prosvet.app.accounts.api import AccountsRequest, AccountsResult, run
from prosvet.app.accounts.people import Person
from prosvet.app.accounts.tokens import Scope, TokenView
from prosvet.app.http.deps import ContextDep
from prosvet.core.actor import Role
from prosvet.core.types import Frozen

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["accounts"])

Name = Annotated[str, Path(description="Name of the account.", examples=["petrova"], max_length=64)]


class Me(Frozen):
    """Who asks. ``scope`` is that of the token; none for a browser and on one's own computer."""

    name: str
    role: Role
    scope: tuple[str, ...] | None


class NewAccount(Frozen):
    """An account to make."""

    name: str = Field(examples=["petrova"], max_length=64)
    role: Role = Field(examples=["reader"])
    full_name: str = Field(default="", examples=["Петрова А. С."], max_length=120)
    password: SecretStr


class AccountChange(Frozen):
    """What to change; the rest stays. A new password ends the account's sessions and tokens."""

    role: Role | None = None
    full_name: str | None = Field(default=None, max_length=120)
    active: bool | None = None
    password: SecretStr | None = None


class NewToken(Frozen):
    """A token to make. Without ``days`` it has no end."""

    name: str = Field(examples=["nightly export"], min_length=1, max_length=64)
    scope: tuple[Scope, ...] = Field(default=("read",), min_length=1)
    days: int | None = Field(default=90, ge=1, le=3650)


class MadeToken(TokenView):
    """A new token. ``secret`` is told this once."""

    secret: str = Field(repr=False, examples=["prosvet_…"])


@router.get("/me")
def me(request: Request, context: ContextDep) -> Me:
    """Who am I, and what may I do?"""
    scope = request.state.scope
    return Me(name=context.actor.name, role=context.actor.role, scope=None if scope is None else tuple(sorted(scope)))


@router.get("/accounts")
def accounts(context: ContextDep) -> tuple[Person, ...]:
    """Every account, by name."""
    return run(AccountsRequest(action="list"), context).accounts


@router.post("/accounts", status_code=201)
def add(body: NewAccount, context: ContextDep) -> Person:
    """Make an account."""
    asked = AccountsRequest(
        action="add", name=body.name, role=body.role, full_name=body.full_name, password=body.password
    )
    return _person(run(asked, context))


@router.patch("/accounts/{name}")
def change(name: Name, body: AccountChange, context: ContextDep) -> Person:
    """Change an account: role, full name, password, closed or open."""
    asked = AccountsRequest(
        action="change", name=name, role=body.role, full_name=body.full_name, active=body.active, password=body.password
    )
    return _person(run(asked, context))


@router.delete("/accounts/{name}")
def remove(name: Name, context: ContextDep) -> Person:
    """Close an account: nobody signs in with it again, and nobody else gets its name."""
    return _person(run(AccountsRequest(action="remove", name=name), context))


@router.get("/accounts/{name}/tokens")
def tokens(name: Name, context: ContextDep) -> tuple[TokenView, ...]:
    """The account's tokens, without their secrets."""
    return run(AccountsRequest(action="tokens", name=name), context).tokens


@router.post("/accounts/{name}/tokens", status_code=201)
def make(name: Name, body: NewToken, context: ContextDep) -> MadeToken:
    """Make a token; its secret is in this answer and nowhere else."""
    asked = AccountsRequest(action="token", name=name, label=body.name, scope=body.scope, days=body.days)
    made = run(asked, context)
    return MadeToken(**made.tokens[0].model_dump(), secret=made.secret)


@router.delete("/accounts/{name}/tokens/{token}")
def revoke(name: Name, token: str, context: ContextDep) -> TokenView:
    """End a token at once."""
    return run(AccountsRequest(action="revoke", name=name, token=token[:64]), context).tokens[0]


def _person(result: AccountsResult) -> Person:
    return result.accounts[0]
