"""`prosvet jobs list|show|cancel`: what runs in the background of a served archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.app.jobs.api import JobsResult
    from prosvet.app.jobs.view import JobView

__all__ = ["cancel", "list_", "show"]

_Job = Annotated[str, typer.Argument(metavar="JOB", show_default=False)]
_State = Annotated[list[str] | None, typer.Option("--state", metavar="STATE", show_default=False)]


def list_(
    session: Session,
    state: _State = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000)] = 50,
    offset: Annotated[int, typer.Option("--offset", min=0)] = 0,
) -> Answer:
    """The newest first."""
    result = _run(session, action="list", states=tuple(state or ()), limit=limit, offset=offset)
    return Answer(result, lambda console: _rows(result, session, console))


def show(session: Session, job: _Job) -> Answer:
    """One job, whole."""
    view = _run(session, action="show", job=job).jobs[0]
    return Answer(view, lambda console: _one(view, session, console))


def cancel(session: Session, job: _Job) -> Answer:
    """A running job stops at its next item; what was done is kept."""
    view = _run(session, action="cancel", job=job).jobs[0]
    words = session.say("cli.jobs.asked", job=view.id, state=_state(view, session))
    return Answer(view, lambda console: console.print(words, markup=False))


def _run(session: Session, **asked: object) -> JobsResult:
    from prosvet.app.jobs.api import JobsRequest, run

    return run(session.request(JobsRequest, **asked), session.context)


def _state(view: JobView, session: Session) -> str:
    return session.say("jobs.cancelling" if view.cancelling else f"jobs.states.{view.state}")


def _progress(view: JobView, session: Session) -> str:
    if view.total:
        return session.say("jobs.of", done=view.done, total=view.total)
    return str(view.done) if view.done else ""


def _rows(result: JobsResult, session: Session, console: Console) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("job", "what", "subject", "state", "progress", "owner", "created"):
        table.add_column(session.say(f"cli.jobs.columns.{column}"), header_style="dim", no_wrap=column == "job")
    for view in result.jobs:
        what, created = session.say(f"jobs.names.{view.capability}"), f"{view.created:%Y-%m-%d %H:%M}"
        table.add_row(
            view.id, what, view.subject, _state(view, session), _progress(view, session), view.owner, created
        )  # fmt: skip
    console.print(table)
    console.print(session.say("cli.jobs.count", shown=len(result.jobs), total=result.total), style="dim", markup=False)


def _one(view: JobView, session: Session, console: Console) -> None:
    from prosvet.app.jobs.api import JobsResult

    _rows(JobsResult(total=1, jobs=(view,)), session, console)
    if view.error is not None:
        console.print(f"\n{view.error.message}\n{view.error.hint}", style="red", markup=False)
    for name, value in (view.result or {}).items():
        if isinstance(value, str | int | float):
            console.print(f"  {name}: {value}", markup=False)
