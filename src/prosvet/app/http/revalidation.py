"""Pictures of patients in a browser's own store: asked for anew each time, so that none outlives an erasure there."""

from __future__ import annotations

import hashlib

from fastapi import Request
from fastapi.responses import Response

__all__ = ["known", "revalidated", "tag_of", "unchanged"]


def tag_of(*parts: object) -> str:
    """An entity tag of what a picture is made of.

    Examples
    --------
    >>> tag_of("film", 640) == tag_of("film", 640), tag_of("film", 640) == tag_of("film", 641)
    (True, False)
    """
    return f'"{hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]}"'


def known(request: Request, tag: str) -> bool:
    """Whether who asks has what `tag` names."""
    given = (part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(","))
    return any(part in (tag, "*") for part in given)


def revalidated(tag: str) -> dict[str, str]:
    """The headers of what may be kept and has to be asked for."""
    return {"ETag": tag, "Cache-Control": "private, no-cache"}


def unchanged(tag: str) -> Response:
    """What who has it is told."""
    return Response(status_code=304, headers=revalidated(tag))
