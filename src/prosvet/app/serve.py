"""The capability serve: the web application on an address, until it is stopped."""

from __future__ import annotations

import ipaddress
import logging
from threading import Thread

import uvicorn
from pydantic import Field

from prosvet.app.accounts.people import People
from prosvet.app.http.app import create_app
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import AccountsNeeded
from prosvet.core.i18n import text
from prosvet.core.types import Frozen
from prosvet.search.warm import warm

__all__ = ["ServeRequest", "ServeResult", "is_loopback", "run"]

log = logging.getLogger(__name__)


class ServeRequest(Frozen):
    """Where to listen, and who is let in."""

    host: str = Field(default="127.0.0.1", description="Address; one that others can reach needs accounts.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port.")
    accounts: bool = Field(default=False, description="Ask for sign-in on this computer too.")
    behind_proxy: str = Field(default="", description="Addresses of reverse proxies that are believed.")

    @property
    def needs_accounts(self) -> bool:
        """Whether whoever comes must sign in: others can reach the address, or it was asked for."""
        return self.accounts or bool(self.behind_proxy) or not is_loopback(self.host)


class ServeResult(Frozen):
    """Where it listened."""

    url: str


def is_loopback(host: str) -> bool:
    """Whether `host` can be reached from this computer only.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def run(request: ServeRequest, context: Context) -> ServeResult:
    """Serve until the process is told to stop.

    Raises
    ------
    AccountsNeeded
        Before anything listens: when sign-in is needed and nobody could manage accounts.
    """
    if request.needs_accounts and not People(context.get(Store)).has_admin():
        raise AccountsNeeded(host=request.host)
    if not is_loopback(request.host) and not request.behind_proxy:
        log.warning("%s", text("cli.serve.tls", context.lang))
    app = create_app(context.settings, accounts=request.needs_accounts)
    url = f"http://{request.host}:{request.port}"
    log.info("serving %s", url)
    # The first search would wait some seconds for its indexes; the pages are there meanwhile.
    Thread(target=warm, args=(app.state.context,), name="warm", daemon=True).start()
    uvicorn.run(
        app, host=request.host, port=request.port, log_level="warning", server_header=False,
        # Who asks and by what is told by the proxy that was named, and by nobody else.
        proxy_headers=bool(request.behind_proxy), forwarded_allow_ips=request.behind_proxy or "",
        timeout_keep_alive=15, timeout_graceful_shutdown=10, limit_concurrency=500,
        h11_max_incomplete_event_size=16_384,
    )  # fmt: skip
    return ServeResult(url=url)
