"""The capability accounts: who may sign in and in which role, and the tokens of programs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from prosvet.app.accounts.passwords import check_password
from prosvet.app.accounts.people import People, Person
from prosvet.app.accounts.sign_in import judge
from prosvet.app.accounts.tokens import Scope, Tokens, TokenView
from prosvet.archive.store import Store
from prosvet.core.actor import Role
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest
from prosvet.core.types import Frozen

__all__ = ["AccountsRequest", "AccountsResult", "run"]

Action = Literal["list", "show", "add", "change", "remove", "password", "tokens", "token", "revoke"]
_OF_ADMINS: frozenset[Action] = frozenset({"list", "add", "change", "remove"})


class AccountsRequest(Frozen):
    """What to do with which account.

    ``list``, ``add``, ``change`` and ``remove`` are for admins; ``show``, ``password``, ``tokens``, ``token`` (make)
    and ``revoke`` for one's own account too.
    """

    action: Action = Field(default="list", description="What to do.")
    name: str = Field(default="", max_length=64, description="Name of the account.")
    role: Role | None = Field(default=None, description="researcher, reader, senior or admin.")
    full_name: str | None = Field(default=None, max_length=120, description="As it stands in protocols.")
    active: bool | None = Field(default=None, description="False closes the account, True opens it again.")
    password: SecretStr | None = Field(default=None, description="New password.")
    current: SecretStr | None = Field(default=None, description="The password so far, to change one's own.")
    label: str = Field(default="", max_length=64, description="Name of the token.")
    scope: tuple[Scope, ...] = Field(default=("read",), min_length=1, description="read, write, admin.")
    days: int | None = Field(default=90, ge=1, le=3650, description="How long the token is good for; empty: no end.")
    token: str = Field(default="", max_length=64, description="Id of the token to revoke.")
    address: str = Field(default="", max_length=64, description="From where, to count wrong passwords.")


class AccountsResult(Frozen):
    """Accounts or tokens. ``secret`` is that of a new token: it is told once and stored nowhere."""

    action: Action
    accounts: tuple[Person, ...] = ()
    tokens: tuple[TokenView, ...] = ()
    secret: str = Field(default="", repr=False)


def run(request: AccountsRequest, context: Context) -> AccountsResult:
    """Do it, and leave a line in the audit log.

    Raises
    ------
    Forbidden
        For somebody else's account, unless an admin asks.
    NotFound, AccountRefused, SignInRefused
    """
    actor, action = context.actor, request.action
    if not actor.may("admin") and (action in _OF_ADMINS or request.name != actor.name):
        raise Forbidden(role="admin")
    if action in ("tokens", "token", "revoke"):
        return _tokens(request, context)
    people = People(context.get(Store))
    if action == "list":
        return AccountsResult(action=action, accounts=people.all())
    if action == "show":
        return AccountsResult(action=action, accounts=(people.get(request.name),))
    person = _changed(request, context, people)
    audit = AuditLog.from_context(context)
    audit.write(f"account_{action}", account=person.name, role=person.role, active=person.active)
    return AccountsResult(action=action, accounts=(person,))


def _changed(request: AccountsRequest, context: Context, people: People) -> Person:
    name = request.name
    if request.action == "add":
        return people.add(name, request.role or "reader", (request.full_name or "").strip(), _password(request))
    if request.action == "remove":
        return people.change(name, active=False)
    if request.action == "password":
        own = name == context.actor.name
        if own:
            current = request.current.get_secret_value() if request.current else ""
            judge(name, current, request.address, context)
        people.set_password(name, _password(request), tokens_too=not own)
        return people.get(name)
    if request.password is not None:
        check_password(name, _password(request))  # before anything is changed
    full_name = (request.full_name or "").strip() or None
    person = people.change(name, role=request.role, full_name=full_name, active=request.active)
    if request.password is not None:
        people.set_password(name, _password(request), tokens_too=True)
    return person


def _password(request: AccountsRequest) -> str:
    if request.password is None:
        raise InvalidRequest(name="password", reason="missing")
    return request.password.get_secret_value()


def _tokens(request: AccountsRequest, context: Context) -> AccountsResult:
    tokens, audit = Tokens(context.get(Store)), AuditLog.from_context(context)
    if request.action == "tokens":
        return AccountsResult(action="tokens", tokens=tokens.of(request.name))
    if request.action == "revoke":
        gone = tokens.revoke(request.name, request.token)
        audit.write("token_revoked", account=request.name, token=gone.id)
        return AccountsResult(action="revoke", tokens=(gone,))
    label = request.label.strip()
    if not label:
        raise InvalidRequest(name="label", reason="missing")
    made, secret = tokens.make(request.name, label, request.scope, request.days)
    audit.write("token_made", account=request.name, token=made.id, scope=" ".join(made.scope))
    return AccountsResult(action="token", tokens=(made,), secret=secret)
