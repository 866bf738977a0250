"""What is known of whoever sends a request, before anything is believed of it: host, origin, cookies, connection."""

from __future__ import annotations

import re

from starlette.datastructures import URL
from starlette.requests import Request

from prosvet.core.network import is_loopback

__all__ = [
    "ANONYMOUS_COOKIE",
    "address_of",
    "comes_from_a_page",
    "cookie_name",
    "is_foreign",
    "is_local_host",
    "secure",
]

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_NAME = "prosvet"
ANONYMOUS_COOKIE = "csrf"


def is_local_host(host: str) -> bool:
    """Whether a Host header names this computer: a page elsewhere that resolves its own name to 127.0.0.1 does not.

    Examples
    --------
    >>> [is_local_host(host) for host in ("127.0.0.1:8080", "[::1]:80", "localhost", "127.0.0.1.nip.io")]
    [True, True, True, False]
    """
    matched = _HOST.fullmatch(host)
    return matched is not None and is_loopback(matched.group(1).strip("[]").lower())


def secure(request: Request) -> bool:
    """Whether the browser speaks to us over TLS (the proxy's word, where it is believed)."""
    return request.url.scheme == "https"


def cookie_name(request: Request, kind: str = _NAME) -> str:
    """The cookie's name: over TLS with the prefix that no other host or path can set."""
    return f"__Host-{kind}" if secure(request) else kind


def is_foreign(request: Request) -> bool:
    """Whether the browser itself says that a page of another site sends this.

    ``Sec-Fetch-Site`` is sent by every browser since 2023 over TLS and to loopback; ``Origin`` by all with every
    request that is no GET, since 2020.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and (origin == "null" or URL(origin).netloc != request.headers.get("host"))


def comes_from_a_page(request: Request) -> bool:
    """Whether a browser sends this, as far as can be seen; what is left are programs, curl for example.

    Every browser calls itself ``Mozilla/…`` and no page can change that without asking for leave first.
    """
    told = any(name in request.headers for name in ("origin", "referer", "sec-fetch-site", "sec-fetch-mode"))
    return told or request.headers.get("user-agent", "").startswith("Mozilla/")


def address_of(request: Request) -> str:
    """From where; behind a proxy that is believed, its client."""
    return request.client.host if request.client else "unknown"
