"""`prosvet node`: receives from the hospital's network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from prosvet.app.cli.session import Answer, Session

if TYPE_CHECKING:
    from rich.console import Console

    from prosvet.hospital.config import HospitalConfig

__all__ = ["node"]


def node(
    session: Session,
    aet: Annotated[str | None, typer.Option("--aet", show_default=False)] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, show_default=False)] = None,
    host: Annotated[str | None, typer.Option("--host", show_default=False)] = None,
    forward: Annotated[list[str] | None, typer.Option("--forward", metavar="AET@HOST:PORT", show_default=False)] = None,
    allow_unencrypted: Annotated[bool, typer.Option("--allow-unencrypted")] = False,
    receive_only: Annotated[bool, typer.Option("--receive-only")] = False,
) -> Answer:
    """Receive until stopped; what the command line says goes over ``hospital.toml``."""
    from prosvet.app.node import NodeRequest, receive

    def opened(config: HospitalConfig, address: str, number: int) -> None:
        if session.verbosity >= 0:
            typer.echo(session.say("cli.node.opened", aet=config.node.aet, host=address, port=number), err=True)

    request = session.request(
        NodeRequest,
        aet=aet,
        port=port,
        host=host,
        forward=tuple(forward or ()),
        allow_unencrypted=allow_unencrypted,
        receive_only=receive_only,
    )
    done = receive(request, session.context, opened)

    def show(console: Console) -> None:
        refused = sum(done.refused.values())
        words = session.say("cli.node.stopped", received=done.received, repeated=done.repeated, refused=refused)
        console.print(words, markup=False)

    return Answer(done, show)
