"""`prosvet backup OUT` and `prosvet restore IN`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.hospital.operations.backup_api import BackupResult

__all__ = ["backup", "restore"]

_ON_SCREEN = 5


def backup(
    session: Session,
    out: Annotated[Path, typer.Argument(metavar="OUT", show_default=False)],
    check: Annotated[bool, typer.Option("--check")] = False,
    generation: Annotated[str | None, typer.Option("--generation", metavar="NAME")] = None,
    fingerprint: Annotated[str | None, typer.Option("--fingerprint", metavar="HASH")] = None,
    keep: Annotated[int, typer.Option("--keep", min=1)] = 7,
    no_secrets: Annotated[bool, typer.Option("--no-secrets")] = False,
) -> Answer:
    """Exit status 1 when a file that a database names was missing."""
    from prosvet.hospital.operations.backup_api import BackupRequest, run

    request = session.request(
        BackupRequest, action="check" if check else "make", folder=out, generation=generation, keep=keep,
        secrets=not no_secrets, fingerprint=fingerprint,
    )  # fmt: skip
    result = run(request, session.context)
    return Answer(result, lambda console: _show(result, session, console), status=int(bool(result.missing)))


def restore(
    session: Session,
    source: Annotated[Path, typer.Argument(metavar="IN", show_default=False)],
    generation: Annotated[str | None, typer.Option("--generation", metavar="NAME")] = None,
    fingerprint: Annotated[str | None, typer.Option("--fingerprint", metavar="HASH")] = None,
    secret: Annotated[Path | None, typer.Option("--secret", metavar="FILE")] = None,
    audit: Annotated[Path | None, typer.Option("--audit", metavar="FILE")] = None,
) -> Answer:
    """Into an empty home only."""
    from prosvet.hospital.operations.backup_api import BackupRequest, run

    request = session.request(
        BackupRequest, action="restore", folder=source, generation=generation, fingerprint=fingerprint, secret=secret,
        audit=audit,
    )  # fmt: skip
    result = run(request, session.context)
    return Answer(result, lambda console: _show(result, session, console), status=int(bool(result.missing)))


def _show(result: BackupResult, session: Session, console: Console) -> None:
    from prosvet.core.i18n import text

    verb = "restore" if result.action == "restore" else "backup"
    size = text("operations.megabytes", session.lang, size=f"{result.bytes / 1e6:.1f}")
    done = session.say(f"operations.{result.action}", name=result.generation, files=result.files, size=size)
    console.print(done, markup=False, style="green")
    console.print(session.say("operations.fingerprint", fingerprint=result.fingerprint), markup=False, soft_wrap=True)
    if result.without_secrets:
        console.print(session.say(f"operations.{verb}_without_secrets"), style="yellow", markup=False)
    if result.pruned:
        console.print(session.say("operations.pruned", count=result.pruned), style="dim", markup=False)
    if result.erased_again:
        console.print(session.say("operations.erased_again", count=result.erased_again), markup=False)
    if result.missing:
        console.print(session.say("operations.missing", count=len(result.missing)), style="red", markup=False)
        for path in result.missing[:_ON_SCREEN]:
            console.print(f"  {path}", markup=False, soft_wrap=True)
