"""`prosvet accounts add|list|change|remove|token`: who may sign in, and the tokens of programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.core.actor import Role
from prosvet.core.clock import local
from prosvet.core.errors import AccountRefused, UsageError

if TYPE_CHECKING:
    from pydantic import SecretStr
    from rich.console import Console

    from prosvet.app.accounts.api import AccountsResult

__all__ = ["add", "change", "list_", "remove", "token"]

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]
FullName = Annotated[str | None, typer.Option("--full-name", metavar="TEXT", show_default=False)]


def add(
    session: Session,
    name: Name,
    role: Annotated[Role, typer.Option("--role")] = "reader",
    full_name: FullName = None,
) -> Answer:
    """The password comes from the terminal or from standard input, never from an argument: those are seen by others."""
    result = _run(session, "add", name=name, role=role, full_name=full_name, password=_password(name, session))
    return _said(result, "cli.accounts.add.done", session)


def list_(session: Session) -> Answer:
    """Every account, by name."""
    result = _run(session, "list")
    return Answer(result, lambda console: _rows(result, session, console))


def change(
    session: Session,
    name: Name,
    role: Annotated[Role | None, typer.Option("--role", show_default=False)] = None,
    full_name: FullName = None,
    password: Annotated[bool, typer.Option("--password")] = False,
    reopen: Annotated[bool, typer.Option("--reopen")] = False,
) -> Answer:
    """What is not named stays as it is."""
    secret = _password(name, session) if password else None
    active = True if reopen else None
    result = _run(session, "change", name=name, role=role, full_name=full_name, password=secret, active=active)
    return _said(result, "cli.accounts.change.done", session)


def remove(session: Session, name: Name) -> Answer:
    """The account stays in the list as closed, and its name with it."""
    return _said(_run(session, "remove", name=name), "cli.accounts.remove.done", session)


def token(
    session: Session,
    name: Name,
    label: Annotated[str, typer.Option("--label", metavar="TEXT", show_default=False)],
    scope: Annotated[str, typer.Option("--scope", metavar="LIST")] = "read",
    days: Annotated[int, typer.Option("--days", min=0, max=3650)] = 90,
) -> Answer:
    """The secret alone on standard output, for a program to take."""
    scopes = tuple(part.strip() for part in scope.split(",") if part.strip())
    result = _run(session, "token", name=name, label=label, scope=scopes, days=days or None)
    return Answer(result, lambda console: console.print(result.secret, markup=False, soft_wrap=True))


def _run(session: Session, action: str, **values: object) -> AccountsResult:
    from prosvet.app.accounts.api import AccountsRequest, run

    return run(session.request(AccountsRequest, action=action, **values), session.context)


def _password(name: str, session: Session) -> SecretStr:
    """Asked for twice at a terminal; else the first line of standard input."""
    from pydantic import SecretStr

    if sys.stdin.isatty():
        given = str(typer.prompt(session.say("cli.accounts.ask"), hide_input=True, err=True))
        again = str(typer.prompt(session.say("cli.accounts.ask_again"), hide_input=True, err=True))
        if given != again:
            raise AccountRefused(name=name, reason="passwords_differ")
        return SecretStr(given)
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise UsageError(reason=session.say("cli.accounts.no_password"))
    return SecretStr(given)


def _said(result: AccountsResult, key: str, session: Session) -> Answer:
    person = result.accounts[0]
    words = session.say(key, name=person.name, role=session.say(f"roles.{person.role}"))
    return Answer(result, lambda console: console.print(words, markup=False))


def _rows(result: AccountsResult, session: Session, console: Console) -> None:
    from rich.table import Table

    if not result.accounts:
        console.print(session.say("cli.accounts.list.none"), markup=False)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("name", "full_name", "role", "state", "created"):
        table.add_column(session.say(f"cli.accounts.columns.{column}"), header_style="dim")
    for person in result.accounts:
        state = session.say("accounts.all.open" if person.active else "accounts.all.closed")
        role = session.say(f"roles.{person.role}")
        table.add_row(person.name, person.full_name, role, state, str(local(person.created).date()))
    console.print(table)
