"""`prosvet worklist`: what waits to be read, the urgent first; taking a study and releasing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session
from prosvet.app.cli.words import concept_name

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.archive.worklist_api import WorklistResult

__all__ = ["worklist"]

_COLUMNS = ("priority", "sex", "age", "date", "status", "reader", "study")
_COLOURS = {3: "bold red", 2: "yellow"}


def worklist(
    session: Session,
    status: Annotated[str, typer.Option("--status")] = "open",
    priority: Annotated[int | None, typer.Option("--priority", min=0, max=3)] = None,
    finding: Annotated[str | None, typer.Option("--finding")] = None,
    text: Annotated[str | None, typer.Option("--text")] = None,
    sort: Annotated[str, typer.Option("--sort")] = "priority",
    up: Annotated[bool, typer.Option("--up")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500)] = 20,
    take: Annotated[str | None, typer.Option("--take", metavar="STUDY")] = None,
    release: Annotated[str | None, typer.Option("--release", metavar="STUDY")] = None,
    refresh: Annotated[bool, typer.Option("--refresh")] = False,
) -> Answer:
    """One page of the list; or the row of the study that was taken or released."""
    from prosvet.archive.worklist_api import WorklistRequest, run
    from prosvet.archive.worklist_filter import WorkFilter

    filters = session.request(WorkFilter, status=status, priority=priority, finding=finding, text=text)
    action = "refresh" if refresh else "take" if take else "release" if release else "list"
    request = session.request(
        WorklistRequest, action=action, filters=filters, sort=sort, down=not up, limit=limit, study=take or release
    )
    result = run(request, session.context)
    return Answer(result, lambda console: _show(result, session, console))


def _show(result: WorklistResult, session: Session, console: Console) -> None:
    if result.action == "refresh":
        console.print(session.say("cli.worklist.changed", changed=result.changed), markup=False)
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in _COLUMNS:
        table.add_column(session.say(f"worklist.columns.{column}"), header_style="dim", no_wrap=column == "study")
    for row in result.rows:
        level = session.say(f"worklist.priority.{row.priority}")
        why = f": {concept_name(row.reason, session.lang)}" if row.reason else ""
        table.add_row(
            level + why, row.sex or "", "" if row.age is None else f"{row.age:g}", str(row.date or ""),
            session.say(f"worklist.status.{row.status}"), row.reader or "", row.study, style=_COLOURS.get(row.priority),
        )  # fmt: skip
    console.print(table)
    if result.action == "list":
        shown = session.say("cli.worklist.shown", shown=len(result.rows), total=result.total)
        console.print(shown, style="dim", markup=False)
