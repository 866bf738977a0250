"""`prosvet outbox list|resend|drop`: results on their way back to the hospital."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.hospital.flow.outbox_api import OutboxResult

__all__ = ["drop", "list_", "resend"]

_Results = Annotated[list[int] | None, typer.Argument(metavar="RESULT...", show_default=False)]


def list_(
    session: Session,
    state: Annotated[list[str] | None, typer.Option("--state", metavar="STATE", show_default=False)] = None,
    destination: Annotated[str | None, typer.Option("--destination", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 100,
) -> Answer:
    """Dead letters first, then what waits; exit 1 when there are dead letters or something is overdue."""
    asked = {"states": tuple(state)} if state else {}
    result = _run(session, destination=destination, limit=limit, **asked)
    facts = result.facts
    bad = facts is not None and bool(facts.dead or facts.overdue or facts.failed)
    return Answer(result, lambda console: _show(result, session, console), status=int(bad))


def resend(
    session: Session,
    result: _Results = None,
    all_dead: Annotated[bool, typer.Option("--all-dead")] = False,
) -> Answer:
    """Dead letters, or what was sent, once more."""
    done = _run(session, action="resend", results=tuple(result or ()), all_dead=all_dead)
    words = session.say("cli.outbox.resent", n=done.changed)
    return Answer(done, lambda console: console.print(words, markup=False))


def drop(session: Session, result: Annotated[list[int], typer.Argument(metavar="RESULT...")]) -> Answer:
    """Out of the outbox for good."""
    done = _run(session, action="drop", results=tuple(result))
    words = session.say("cli.outbox.dropped", n=done.changed)
    return Answer(done, lambda console: console.print(words, markup=False))


def _run(session: Session, **asked: object) -> OutboxResult:
    from prosvet.hospital.flow.outbox_api import OutboxRequest, run

    return run(session.request(OutboxRequest, **asked), session.context)


def _show(result: OutboxResult, session: Session, console: Console) -> None:
    from rich.table import Table

    if result.facts is None:
        console.print(session.say("cli.outbox.none"), markup=False)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("id", "study", "kind", "destination", "state", "attempts", "reason"):
        table.add_column(session.say(f"cli.outbox.columns.{column}"), header_style="dim", no_wrap=column != "reason")
    for row in result.results:
        state = session.say(f"flow.sending.{row.state}")
        table.add_row(str(row.id), row.study or "—", row.kind, row.destination, state, str(row.attempts), row.reason)
    if result.results:
        console.print(table)
    counts = result.facts.results | result.facts.exams
    words = session.say("cli.outbox.summary", **counts, overdue=result.facts.overdue)
    console.print(words, style="dim", markup=False)
