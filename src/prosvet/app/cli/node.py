"""`prosvet node`: receives from the hospital's network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["node"]


def node(
    session: Session,
    aet: Annotated[str | None, typer.Option("--aet", show_default=False)] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, show_default=False)] = None,
    host: Annotated[str | None, typer.Option("--host", show_default=False)] = None,
    forward: Annotated[list[str] | None, typer.Option("--forward", metavar="AET@HOST:PORT", show_default=False)] = None,
    allow_unencrypted: Annotated[bool, typer.Option("--allow-unencrypted")] = False,
) -> Answer:
    """Receive until stopped; what the command line says goes over ``hospital.toml``."""
    from prosvet.hospital.config import load_config
    from prosvet.hospital.node import serve

    told = load_config(session.context).told(
        aet=aet, port=port, host=host, allow_unencrypted=allow_unencrypted or None, forward=forward or ()
    )

    def opened(address: str, number: int) -> None:
        if session.verbosity >= 0:
            typer.echo(session.say("cli.node.opened", aet=told.node.aet, host=address, port=number), err=True)

    done = serve(told, session.context, opened=opened)

    def show(console: Console) -> None:
        refused = sum(done.refused.values())
        words = session.say("cli.node.stopped", received=done.received, repeated=done.repeated, refused=refused)
        console.print(words, markup=False)

    return Answer(done, show)
