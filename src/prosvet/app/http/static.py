"""The files that pages load: under a name that carries their hash, so that browsers keep them for good, and packed."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["Static"]

_BUILT = re.compile(r"-[\w-]{8}\.js$")  # the viewer's own parts carry their hash in their name
_PACKED = (".js", ".css", ".svg", ".txt")


class Static(StaticFiles):
    """Files below `folder`; one asked for by its hash is answered as never changing."""

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
        """The file, with how long it may be kept; text comes packed where the browser can unpack it."""
        response = await super().get_response(path, scope)
        if response.status_code == 200 and path.endswith(_PACKED) and "gzip" in Headers(scope=scope).get(
            "accept-encoding", ""
        ):  # fmt: skip
            kept = {name: response.headers[name] for name in ("etag", "last-modified")}
            headers = kept | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
            response = Response(self._packed(path), 200, headers, mimetypes.guess_type(path)[0])
        forever = b"v=" in scope.get("query_string", b"") or _BUILT.search(path) is not None
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if forever else "no-cache"
        return response

    @lru_cache(maxsize=64)  # noqa: B019 - one instance a process
    def _packed(self, path: str) -> bytes:
        """The file's bytes, packed once: the viewer is 3.5 MB."""
        return gzip.compress((self.folder / path).read_bytes(), 9)
