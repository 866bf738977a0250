"""`prosvet ingest PATH…`: films, tables and reports into the archive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.archive.api import IngestResult

__all__ = ["ingest"]


def ingest(
    session: Session,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", show_default=False)],
    reader: Annotated[str | None, typer.Option("--reader", metavar="NAME")] = None,
    keep_identity: Annotated[bool, typer.Option("--keep-identity")] = False,
    no_encode: Annotated[bool, typer.Option("--no-encode")] = False,
    limit: Annotated[int | None, typer.Option("--limit", min=1)] = None,
) -> Answer:
    """Exit status 1 when a file was refused; the others are in."""
    from prosvet.archive.api import IngestRequest, run

    request = session.request(
        IngestRequest,
        paths=tuple(paths), reader=reader, deidentify=not keep_identity, encode=not no_encode, limit=limit,
    )  # fmt: skip
    result = run(request, session.context)
    return Answer(result, lambda console: _show(result, session, console), status=int(result.failed > 0))


def _show(result: IngestResult, session: Session, console: Console) -> None:
    for row in result.rows:
        console.print(f"✗ {row.file}: {row.message}", style="red", markup=False)
    for key in ("taken", "new"):
        console.print(session.say(f"cli.ingest.{key}", **result.model_dump(exclude={"rows"})), markup=False)
    if result.without_image:
        console.print(session.say("cli.ingest.without_image", count=result.without_image), markup=False)
