"""`prosvet retention run`, `prosvet erase patient`, `prosvet audit verify`, `prosvet health`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.hospital.operations.erase_api import ErasePatientResult
    from prosvet.hospital.operations.health_api import HealthResult
    from prosvet.hospital.operations.retention_api import RetentionResult

__all__ = ["erase_patient", "health", "retention", "verify"]

_MARKS = {"ok": "[green]✓[/]", "note": "[yellow]•[/]", "failed": "[bold red]✗[/]"}


def retention(session: Session, dry_run: Annotated[bool, typer.Option("--dry-run")] = False) -> Answer:
    """What has been kept long enough goes."""
    from prosvet.hospital.operations.retention_api import RetentionRequest, run

    result = run(RetentionRequest(dry_run=dry_run), session.context)
    return Answer(result, lambda console: _retained(result, session, console))


def _retained(result: RetentionResult, session: Session, console: Console) -> None:
    key = "would_go" if result.dry_run else "gone"
    size = session.say("operations.megabytes", size=f"{result.bytes / 1e6:.1f}")
    words = session.say(
        f"operations.{key}", objects=result.objects, results=result.results, exams=result.exams, size=size
    )
    console.print(words, markup=False)
    if result.held:
        console.print(session.say("operations.held", count=result.held), style="yellow", markup=False)


def erase_patient(
    session: Session,
    patient: Annotated[str | None, typer.Argument(metavar="[PATIENT]", show_default=False)] = None,
    issuer: Annotated[str, typer.Option("--issuer", show_default=False)] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y")] = False,
) -> Answer:
    """Without a pseudonym the hospital's number is asked for, or read from standard input: never from the line."""
    from prosvet.hospital.operations.erase_api import ErasePatientRequest, run

    person = sys.stdin.isatty() and sys.stdout.isatty() and not session.json
    number = None
    if patient is None:
        words = session.say("operations.ask_number")
        number = typer.prompt(words, hide_input=True) if person else sys.stdin.readline().strip()
    whom = {"patient": patient, "number": number, "issuer": issuer}
    if person and not yes and not dry_run:
        found = run(session.request(ErasePatientRequest, dry_run=True, **whom), session.context)
        _erased(found, session, _console())
        typer.confirm(session.say("operations.sure"), abort=True)
    result = run(session.request(ErasePatientRequest, dry_run=dry_run, **whom), session.context)
    return Answer(result, lambda console: _erased(result, session, console))


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _erased(result: ErasePatientResult, session: Session, console: Console) -> None:
    key = "would_erase" if result.dry_run else "erased"
    words = session.say(f"operations.{key}", patient=result.patient, studies=len(result.studies), exams=result.exams)
    console.print(words, markup=False)
    for backup in result.backups:
        words = session.say("operations.in_backup", folder=backup.folder, count=len(backup.generations))
        console.print(words, style="yellow", markup=False, soft_wrap=True)


def verify(
    session: Session,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", show_default=False)] = None,
    expect: Annotated[str | None, typer.Option("--expect", metavar="LINE:HASH", show_default=False)] = None,
) -> Answer:
    """Exit status 1 when the chain is broken or is not the one expected."""
    from prosvet.hospital.operations.audit_api import AuditVerifyRequest, run

    result = run(session.request(AuditVerifyRequest, file=file, expect=expect), session.context)
    key = "broken" if result.broken else "other" if result.as_expected is False else "whole"
    words = session.say(f"operations.chain_{key}", lines=result.lines, line=result.broken, mark=result.mark)
    style = "green" if result.ok else "bold red"
    return Answer(
        result, lambda console: console.print(words, markup=False, style=style, soft_wrap=True), int(not result.ok)
    )


def health(session: Session, node: Annotated[bool, typer.Option("--node")] = False) -> Answer:
    """Exit status 1 when a part does not do its work."""
    from prosvet.hospital.operations.health_api import HealthRequest, run

    result = run(HealthRequest(node=node), session.context)
    return Answer(result, lambda console: _parts(result, session, console), int(not result.ok))


def _parts(result: HealthResult, session: Session, console: Console) -> None:
    for part in result.parts:
        facts = ", ".join(f"{session.say(f'operations.facts.{name}')}: {value}" for name, value in part.facts.items())
        console.print(_MARKS[part.state], end=" ")
        name = session.say(f"operations.parts.{part.name}")
        stopped = session.say("operations.stopped") if part.name == "node" and part.state != "ok" else ""
        console.print(
            ": ".join(one for one in (name, "; ".join(x for x in (stopped, facts) if x)) if one), markup=False
        )
