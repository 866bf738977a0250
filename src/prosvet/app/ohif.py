"""The capability orthanc: OHIF's own prebuilt viewer over an Orthanc of this computer, for this computer alone.

The viewer is not ours and not in our package: ``make ohif`` fetches it. It is served from an address of its own, so
that nothing it does reaches the reading room, under a policy that lets it talk to nobody but that address; from there
the DICOMweb of Orthanc can be read, and not written.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from pydantic import Field, field_validator
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from prosvet.app.dicomweb_proxy import Proxy
from prosvet.app.serve import ServeRequest, door
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import Frozen

__all__ = ["OhifRequest", "OhifResult", "application", "policy", "run", "show"]

log = logging.getLogger(__name__)

_INLINE = re.compile(rb"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


class OhifRequest(Frozen):
    """Where the viewer lies, and whose films it shows."""

    dist: Path = Field(description="The folder dist of the npm package @ohif/app.")
    orthanc: str = Field(default="http://127.0.0.1:8042", description="Address of Orthanc.")
    port: int = Field(default=8043, ge=0, le=65535, description="Port on 127.0.0.1; 0 takes a free one.")

    @field_validator("orthanc")
    @classmethod
    def _known_scheme(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address http://HOST:PORT or https://HOST:PORT")
        return value.rstrip("/")


class OhifResult(Frozen):
    """Where it was shown."""

    url: str


def run(request: OhifRequest, context: Context) -> OhifResult:
    """Show it until the process is told to stop.

    Raises
    ------
    NotFound
        When there is no viewer in the folder.
    AddressTaken
    """
    return show(request, context, lambda url: log.info("the viewer is at %s", url))


def show(request: OhifRequest, context: Context, opened: Callable[[str], None]) -> OhifResult:
    """As :func:`run`; `opened` is told the address once it is ours."""
    made = application(request, context)
    place = door(ServeRequest(port=request.port))
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    opened(url)
    config = uvicorn.Config(made, log_config=None, log_level="warning", server_header=False, timeout_keep_alive=15)
    uvicorn.Server(config).run(sockets=[place])
    return OhifResult(url=url)


def application(request: OhifRequest, context: Context) -> Starlette:
    """The viewer and the way to Orthanc, as one application.

    Raises
    ------
    NotFound
    """
    dist = request.dist.resolve()
    page = dist / "index.html"
    if not page.is_file():
        raise NotFound(kind="file", name=str(request.dist / "index.html"))
    proxy = Proxy(request.orthanc, context)
    headers = {
        "Content-Security-Policy": policy(page.read_bytes()), "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    }  # fmt: skip
    return Starlette(
        routes=[
            Route("/dicom-web/{path:path}", proxy.answer, methods=["GET"]),
            Route("/app-config.js", partial(_config, headers), methods=["GET"]),
            Route("/{path:path}", partial(_file, dist, headers), methods=["GET"]),
        ],
        middleware=[
            # A page elsewhere that gives its own name this computer's address is answered nothing.
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
            Middleware(GZipMiddleware, minimum_size=4096, compresslevel=1),
        ],
    )


def policy(page: bytes) -> str:
    """The policy for the viewer's `page`: its own inline scripts by their hash, and nobody else's.

    It compiles WebAssembly (decoders) and makes code at run time (its own libraries do), writes styles inline, and
    starts workers from blobs; it may load from and talk to its own address only.
    """
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one).digest()).decode()}'"
                      for one in _INLINE.findall(page) if one.strip())  # fmt: skip
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval' {hashes}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self' blob: data:; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


async def _config(headers: dict[str, str], _: Request) -> Response:
    words = resources.files("prosvet.app").joinpath("ohif_config.json").read_text(encoding="utf-8")
    script = f"window.config = {json.dumps(json.loads(words), ensure_ascii=False)};\n"
    headers = {**headers, "Cache-Control": "no-cache"}
    return Response(script, media_type="text/javascript; charset=utf-8", headers=headers)


async def _file(dist: Path, headers: dict[str, str], request: Request) -> Response:
    """A file of the viewer; its page for the addresses that the viewer makes up itself."""
    path = (dist / request.path_params["path"]).resolve()
    if path == dist / "sw.js" or path == dist / "init-service-worker.js":
        return Response(status_code=404, headers=headers)  # keeps pages of patients in the browser: not here
    if not path.is_relative_to(dist) or not path.is_file():
        if path.suffix:
            return Response(status_code=404, headers=headers)
        path = dist / "index.html"
    return FileResponse(path, headers=headers)
