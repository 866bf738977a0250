"""`prosvet doctor`: is everything there and whole?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.app.doctor import DoctorResult

__all__ = ["doctor"]


def doctor(session: Session, deep: Annotated[bool, typer.Option("--deep")] = False) -> Answer:
    """Exit status 1 when a check fails."""
    from prosvet.app.doctor import DoctorRequest, run

    result = run(DoctorRequest(deep=deep), session.context)
    body = {"ok": result.ok, **result.model_dump(mode="json")}
    return Answer(body, lambda console: _show(result, session, console), status=int(not result.ok))


def _show(result: DoctorResult, session: Session, console: Console) -> None:
    marks = {"ok": "[green]✓[/]", "note": "[yellow]•[/]", "failed": "[bold red]✗[/]"}
    for check in result.checks:
        console.print(marks[check.state], end=" ")
        console.print(check.message, markup=False)
    console.print(session.say("cli.doctor.good" if result.ok else "cli.doctor.bad"), style="bold", markup=False)
