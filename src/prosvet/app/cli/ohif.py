"""`prosvet ohif`: OHIF's viewer over an Orthanc, on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prosvet.app.cli.session import Answer, Session

__all__ = ["ohif"]


def ohif(
    session: Session,
    dist: Annotated[Path, typer.Option("--dist", metavar="DIR")] = Path(".ohif/dist"),
    orthanc: Annotated[str, typer.Option("--orthanc", metavar="URL")] = "http://127.0.0.1:8042",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8043,
) -> Answer:
    """Show until stopped."""
    from prosvet.app.ohif import OhifRequest, show

    def opened(url: str) -> None:
        if session.verbosity >= 0:
            typer.echo(session.say("cli.ohif.opened", url=url), err=True)

    result = show(session.request(OhifRequest, dist=dist, orthanc=orthanc, port=port), session.context, opened)
    return Answer(result, lambda console: console.print(session.say("cli.ohif.stopped"), markup=False))
