"""`prosvet serve`: the reading room in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from prosvet.app.cli.session import Answer, Session

__all__ = ["serve"]


def serve(
    session: Session,
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8080,
    accounts: Annotated[bool, typer.Option("--accounts")] = False,
    behind_proxy: Annotated[str, typer.Option("--behind-proxy", metavar="ADDRESS", show_default=False)] = "",
    workers: Annotated[int, typer.Option("--workers", min=1, max=64)] = 1,
    hospital: Annotated[bool, typer.Option("--hospital")] = False,
) -> Answer:
    """Serve until stopped; an address that others reach needs accounts."""
    from prosvet.app.serve import ServeRequest
    from prosvet.app.serve import serve as listen
    from prosvet.app.serve_watch import watch

    def opened(url: str) -> None:
        if session.verbosity >= 0:
            typer.echo(session.say("cli.serve.opened", url=url), err=True)
        watch(url)

    request = session.request(
        ServeRequest,
        host=host,
        port=port,
        accounts=accounts,
        behind_proxy=behind_proxy,
        workers=workers,
        hospital=hospital,
    )
    result = listen(request, session.context, opened)
    return Answer(result, lambda console: console.print(session.say("cli.serve.stopped"), markup=False))
