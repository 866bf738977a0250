"""The capability serve: the web application on an address, until it is stopped."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import uvicorn
from pydantic import Field
from uvicorn.supervisors import Multiprocess

from prosvet.app.accounts.people import People
from prosvet.app.node_process import node_beside
from prosvet.app.worker import Application, shared_questions
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import AccountsNeeded, AddressTaken
from prosvet.core.i18n import text
from prosvet.core.network import is_loopback
from prosvet.core.types import Frozen

__all__ = ["ServeRequest", "ServeResult", "door", "run", "serve"]

log = logging.getLogger(__name__)


class ServeRequest(Frozen):
    """Where to listen, and who is let in."""

    host: str = Field(default="127.0.0.1", description="Address; one that others can reach needs accounts.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port; 0 takes a free one.")
    accounts: bool = Field(default=False, description="Ask for sign-in on this computer too.")
    behind_proxy: str = Field(default="", description="Addresses of reverse proxies that are believed.")
    workers: int = Field(default=1, ge=1, le=64, description="Processes that answer; each has its own indexes.")
    hospital: bool = Field(default=False, description="Run the DICOM node too, in a process of its own.")

    @property
    def needs_accounts(self) -> bool:
        """Whether whoever comes must sign in: others can reach the address, or it was asked for."""
        return self.accounts or bool(self.behind_proxy) or not is_loopback(self.host)


class ServeResult(Frozen):
    """Where it listened."""

    url: str


def run(request: ServeRequest, context: Context) -> ServeResult:
    """Serve until the process is told to stop; see :func:`serve`."""
    return serve(request, context, lambda url: log.info("serving %s", url))


def serve(request: ServeRequest, context: Context, opened: Callable[[str], None]) -> ServeResult:
    """Serve until the process is told to stop; `opened` is called with the address once it is ours.

    Raises
    ------
    AccountsNeeded
        Before anything listens: when sign-in is needed and nobody could manage accounts.
    AddressTaken
        When the address is not this computer's, or another program listens there.
    """
    if request.needs_accounts and not People(context.get(Store)).has_admin():
        raise AccountsNeeded(host=request.host)
    if not is_loopback(request.host) and not request.behind_proxy:
        log.warning("%s", text("cli.serve.tls", context.lang))
    with node_beside(context, request.hospital):
        place = door(request)
        url = f"http://{request.host}:{place.getsockname()[1]}"
        opened(url)
        with shared_questions(request.workers) as kept:
            application = Application(context.settings, request.needs_accounts, kept)
            _listen(application, place, request)
    return ServeResult(url=url)


def _listen(application: Application, place: socket.socket, request: ServeRequest) -> None:
    """Answer at `place` in this process, or in as many as were asked for, until told to stop."""
    config = uvicorn.Config(
        application, factory=True, log_level="warning", server_header=False,
        log_config=None,  # its own would close the handlers that are there
        # Who asks and by what is told by the proxy that was named, and by nobody else.
        proxy_headers=bool(request.behind_proxy), forwarded_allow_ips=request.behind_proxy or "",
        timeout_keep_alive=15, timeout_graceful_shutdown=5, limit_concurrency=500,
        http="h11",  # the quicker parser has no bound on a request's head
        h11_max_incomplete_event_size=16_384, workers=request.workers,
    )  # fmt: skip
    if request.workers == 1:
        uvicorn.Server(config).run(sockets=[place])
    else:
        Multiprocess(config, sockets=[place]).run()


def door(request: ServeRequest) -> socket.socket:
    """The open port that the request names.

    Raises
    ------
    AddressTaken
    """
    family = socket.AF_INET6 if ":" in request.host else socket.AF_INET
    # Named as TCP, else the event loop does not switch off Nagle's algorithm, and each answer waits 40 ms for it.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((request.host, request.port))
        made.listen(2048)
        return made
    except OSError as error:
        made.close()
        raise AddressTaken(host=request.host, port=request.port, reason=error.strerror or str(error)) from error
