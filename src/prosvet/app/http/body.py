"""Bodies of requests: how large they may be, how many at once, and the hidden field of a form."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.types import Message, Receive

from prosvet.core.errors import BodyTooLarge, ForgedRequest

__all__ = ["SMALL", "UPLOADS", "Measured", "field_of", "is_large_kind"]

SMALL = 2_000_000
"""Bytes of a JSON body or a form."""
UPLOADS = 8
"""Uploads at once; each may hold a file on disk while it arrives."""

_FIELDS = 200  # of a form
_SMALL_KINDS = ("application/json", "application/x-www-form-urlencoded", "text/")


def is_large_kind(request: Request) -> bool:
    """Whether the body is of a kind that carries files."""
    kind = request.headers.get("content-type", "")
    return bool(kind) and not kind.startswith(_SMALL_KINDS)


class Measured:
    """A body that is counted as it arrives; too large a one ends as if the browser had gone.

    The application then sees a broken upload, and whoever asked is told of the limit (see ``exceeded``).
    """

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self.limit, self.exceeded, self._seen = receive, limit, False, 0
        self._kept: list[Message] = []

    async def __call__(self) -> Message:
        if self._kept:
            return self._kept.pop(0)
        message = await self._receive()
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            if self._seen > self.limit:
                self.exceeded = True
                return {"type": "http.disconnect"}
        return message

    async def all(self) -> bytes:
        """The whole body, which the application will be given once more.

        Raises
        ------
        BodyTooLarge, ForgedRequest
            The latter when the browser has gone before its end.
        """
        kept, more = [], True
        while more:
            message = await self()
            if self.exceeded:
                raise BodyTooLarge(megabytes=self.limit // 1_000_000)
            if message["type"] != "http.request":
                raise ForgedRequest()
            kept.append(message)
            more = message.get("more_body", False)
        self._kept = list(kept)
        return b"".join(message.get("body", b"") for message in kept)


async def field_of(request: Request, body: Measured, name: str) -> str:
    """The field `name` of a plain form; empty when the body is not one."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return ""
    try:
        fields = parse_qs((await body.all()).decode("ascii", errors="replace"), max_num_fields=_FIELDS)
    except ValueError:
        return ""
    return fields.get(name, [""])[0]
