"""`prosvet serve`: the reading room in a browser."""

from __future__ import annotations

from typing import Annotated

import typer

from prosvet.app.cli.session import Answer, Session

__all__ = ["serve"]


def serve(
    session: Session,
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8080,
    accounts: Annotated[bool, typer.Option("--accounts")] = False,
    behind_proxy: Annotated[str, typer.Option("--behind-proxy", metavar="ADDRESS", show_default=False)] = "",
) -> Answer:
    """Serve until stopped; an address that others reach needs accounts."""
    from prosvet.app.serve import ServeRequest, run

    request = session.request(ServeRequest, host=host, port=port, accounts=accounts, behind_proxy=behind_proxy)
    result = run(request, session.context)
    return Answer(result, lambda console: console.print(session.say("cli.serve.stopped"), markup=False))
