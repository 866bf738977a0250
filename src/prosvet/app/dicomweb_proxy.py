"""A way to read an Orthanc's DICOMweb: GET alone, audited, nothing kept.

Questions are written so that Debian's Orthanc understands them, and two answers are not passed on as they are. A report
of ours is given as text. And OHIF lays a segmentation over its film by planes in space, and a film of a chest has none:
a segmentation of it rightly says nothing of them, and OHIF then shows none. In the headers that OHIF is given of such a
segmentation (not in the stored object) stands a plane that fits its film pixel on pixel.
"""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from prosvet.app.dicomweb_query import understood
from prosvet.app.dicomweb_report import as_text
from prosvet.archive.deidentify import Deidentifier
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context

__all__ = ["Proxy", "with_plane"]

_CHUNK = 256 * 1024
_TIMEOUT = 60.0  # seconds
_AGAIN = 600.0  # seconds: looking on at the same study is one access
_PATH = re.compile(r"[A-Za-z0-9._/,-]{1,600}")
_METADATA = re.compile(r"^studies/[0-9.]+/series/[0-9.]+/metadata$")
_STUDY = re.compile(r"^studies/([0-9.]{3,64})(?:/|$)")


class Proxy:
    """Passes questions on to the DICOMweb at `orthanc`."""

    def __init__(self, orthanc: str, context: Context) -> None:
        self._place = urlsplit(orthanc)
        self._audit, self._names = AuditLog.from_context(context), Deidentifier.from_context(context)
        self._seen: dict[str, float] = {}
        self._lock = Lock()

    async def answer(self, request: Request) -> Response:
        """What Orthanc answers, as it comes."""
        path = request.path_params["path"]
        if not _PATH.fullmatch(path) or ".." in path:
            return Response(status_code=404)
        # Its own addresses in answers (BulkDataURI) must lead back here: Orthanc makes them of this header.
        headers = {
            "Accept": request.headers.get("accept", "*/*"), "Accept-Encoding": "identity",
            "Forwarded": f"host={request.url.netloc};proto={request.url.scheme}",
        }  # fmt: skip
        return await run_in_threadpool(self._ask, path, request.url.query, headers)

    def _ask(self, path: str, query: str, asked: dict[str, str]) -> Response:
        study = _STUDY.match(path)
        if study is not None:
            self._tell(study[1])
        kind = http.client.HTTPSConnection if self._place.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._place.netloc, timeout=_TIMEOUT)
        try:
            question = understood(query)
            target = f"{self._place.path}/dicom-web/{path}" + (f"?{question.query}" if query else "")
            connection.request("GET", target, headers=asked)
            found = connection.getresponse()
        except (OSError, http.client.HTTPException):
            connection.close()
            return Response("Orthanc does not answer.", status_code=502, media_type="text/plain")
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        headers["Content-Type"] = found.getheader("Content-Type", "application/octet-stream")
        if found.status == 200 and headers["Content-Type"].startswith("application/dicom+json"):
            if _METADATA.match(path):
                told = json.loads(b"".join(_parts(connection, found)))
                return Response(json.dumps([as_text(with_plane(one)) for one in told]), headers=headers)
            if question.patterns:
                told = json.loads(b"".join(_parts(connection, found)))
                return Response(json.dumps(question.kept(told)), headers=headers)
        return StreamingResponse(_parts(connection, found), status_code=found.status, headers=headers)

    def _tell(self, uid: str) -> None:
        study, now = self._names.study(uid), time.monotonic()
        with self._lock:
            if now - self._seen.get(study, -_AGAIN) < _AGAIN:
                return
            self._seen[study] = now
        self._audit.write("ohif.show", study=study)


def with_plane(told: dict[str, Any]) -> dict[str, Any]:
    """DICOM JSON of an instance; of a segmentation without planes, with the plane of a film that has none."""
    if told.get("00080060", {}).get("Value") != ["SEG"]:
        return told
    shared = told.setdefault("52009229", {"vr": "SQ"}).setdefault("Value", [{}])[0]
    for frame in told.get("52009230", {}).get("Value", []):
        if "00209113" not in shared:
            frame.setdefault("00209113", _sequence("00200032", [0, 0, 0]))
        if "00209116" in frame or "00289110" in frame:
            return told
    shared.setdefault("00209116", _sequence("00200037", [1, 0, 0, 0, 1, 0]))
    shared.setdefault("00289110", _sequence("00280030", [1, 1]))
    return told


def _sequence(tag: str, numbers: list[int]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": [{tag: {"vr": "DS", "Value": numbers}}]}


def _parts(connection: http.client.HTTPConnection, found: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while part := found.read(_CHUNK):
            yield part
    finally:
        connection.close()
