"""The capability serve: the web application on an address, until it is stopped."""

from __future__ import annotations

import ipaddress
import logging

import uvicorn
from pydantic import Field

from prosvet.app.http.app import create_app
from prosvet.core.context import Context
from prosvet.core.types import Frozen

__all__ = ["ServeRequest", "ServeResult", "is_loopback", "run"]

log = logging.getLogger(__name__)


class ServeRequest(Frozen):
    """Where to listen."""

    host: str = Field(default="127.0.0.1", description="Address; one that others can reach needs accounts.")
    port: int = Field(default=8080, ge=1, le=65535, description="Port.")


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
    """Serve until the process is told to stop."""
    app = create_app(context.settings, accounts=not is_loopback(request.host))
    url = f"http://{request.host}:{request.port}"
    log.info("serving %s", url)
    uvicorn.run(app, host=request.host, port=request.port, log_level="warning", server_header=False)
    return ServeResult(url=url)
