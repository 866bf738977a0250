"""The files that pages load, each under a name that carries its hash, so that browsers keep it for good."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["Static"]


class Static(StaticFiles):
    """Files below `folder`; a request with a hash (``?v=``) is answered as never changing."""

    def __init__(self, folder: Traversable) -> None:
        self.folder = Path(str(folder))
        super().__init__(directory=self.folder)

    @lru_cache(maxsize=256)  # noqa: B019 - one instance a process
    def url(self, name: str) -> str:
        """The address of the file `name`.

        Raises
        ------
        FileNotFoundError
            When there is no such file: a defect of the page.
        """
        digest = hashlib.sha256((self.folder / name).read_bytes()).hexdigest()
        return f"/static/{name}?v={digest[:12]}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        forever = b"v=" in scope.get("query_string", b"")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if forever else "no-cache"
        return response
