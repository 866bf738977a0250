"""Films for a viewer: the images of a study, their thumbnails, all their bits, and where the model saw what."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import ConfigDict

from prosvet.app.http.deps import ContextDep
from prosvet.app.http.revalidation import known, revalidated, unchanged
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.core.audit import AuditLog
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.network import is_loopback
from prosvet.core.types import Frozen, View
from prosvet.imaging.whole_range import WholeRange, whole_range
from prosvet.reading import evidence_api
from prosvet.reading.stored import StoredImage, film_of, images_of, stored_image
from prosvet.reading.thumbnails import kept_side, stored_thumbnail

__all__ = ["ImageInfo", "StudyImages", "router"]

router = APIRouter(prefix="/v1", tags=["images"])

_NUMBER_DIGITS = 18  # as many as surely fit the database's whole numbers
_QUICK_GZIP = 1


class ImageInfo(Frozen):
    """One stored film, upright. ``spacing`` is in millimetres, row and column; null when the file does not say."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 12, "rows": 2320, "cols": 2828, "spacing": [0.15, 0.15], "view": "frontal",
                    "format": "dicom", "sha256": "0f3c" + "0" * 60,
                }
            ]
        }
    )  # fmt: skip

    id: int
    rows: int
    cols: int
    spacing: tuple[float, float] | None
    view: View
    format: str
    sha256: str


class StudyImages(Frozen):
    """The films of a study in the order they came."""

    study: str
    images: tuple[ImageInfo, ...]


@router.get("/studies/{study}/images")
def list_images(study: str, context: ContextDep) -> StudyImages:
    """The films of a study."""
    ensure_visible(context.get(Store), study, context.actor)
    AuditLog.from_context(context).write("images", study=study)
    return StudyImages(study=study, images=tuple(info(image) for image in images_of(study, context)))


def info(image: StoredImage) -> ImageInfo:
    """What a viewer needs to know of a film before it has it."""
    return ImageInfo(
        id=image.id, rows=image.rows, cols=image.cols, spacing=image.spacing, view=image.view, format=image.format,
        sha256=image.sha256,
    )  # fmt: skip


@router.get(
    "/images/{image}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}, "description": "WebP"}, 304: {"description": "As it was."}},
)
def get_thumbnail(
    image: str,
    request: Request,
    context: ContextDep,
    side: Annotated[int, Query(ge=32, le=512, description="Longer side wanted, pixels.")] = 256,
) -> Response:
    """A small picture of the film: never to diagnose from."""
    found = _image(image, context)
    tag = f'"{found.version}-{kept_side(side)}"'
    if known(request, tag):
        return unchanged(tag)
    data = stored_thumbnail(found, side, context)
    AuditLog.from_context(context).write("thumbnail", study=found.study, image=found.id)
    return Response(data, media_type="image/webp", headers=revalidated(tag))


@router.get(
    "/images/{image}/pixels",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "16-bit, little-endian, row by row"},
        304: {"description": "As it was."},
    },
)
def get_pixels(image: str, request: Request, context: ContextDep) -> Response:
    """The whole film, upright, 16 bits a pixel over its whole range of grey.

    Headers ``X-Film-*`` say its size (``Rows``, ``Cols``), the way to the file's own units (``Slope``,
    ``Intercept``), the windows (``Windows``: JSON, in units of the pixels sent), the millimetres of a pixel
    (``Spacing``: row, column) and of what plane they are (``Spacing-Kind``: calibrated, detector, none).
    """
    found = _image(image, context)
    AuditLog.from_context(context).write("pixels", study=found.study, image=found.id)
    tag = f'"{found.version}"'
    if known(request, tag):
        return unchanged(tag)
    film = whole_range(film_of(found, context, windowed=False))
    body, encoding = _encoded(film.values.tobytes(), request)
    headers = _film_headers(film) | revalidated(tag) | {"Vary": "Accept-Encoding", "Content-Encoding": encoding}
    return Response(body, media_type="application/octet-stream", headers=headers)


@router.get("/images/{image}/evidence")
def get_evidence(image: str, context: ContextDep) -> evidence_api.EvidenceResult:
    """Heat maps, boxes, contours and the cardiothoracic ratio's lines, in pixels of the upright film."""
    number = _image(image, context).id
    return evidence_api.run(evidence_api.EvidenceRequest(image=number), context)


def _image(name: str, context: Context) -> StoredImage:
    if not (name.isascii() and name.isdigit() and len(name) <= _NUMBER_DIGITS):
        raise NotFound(kind="image", name=name)
    return stored_image(int(name), context)


def _encoded(data: bytes, request: Request) -> tuple[bytes, str]:
    """Packed for a network; on this machine packing would take longer than it saves."""
    if _from_here(request) or "gzip" not in request.headers.get("accept-encoding", ""):
        return data, "identity"
    return gzip.compress(data, _QUICK_GZIP, mtime=0), "gzip"


def _from_here(request: Request) -> bool:
    if request.client is None or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    return is_loopback(request.client.host)


def _film_headers(film: WholeRange) -> dict[str, str]:
    rows, cols = film.values.shape
    windows = {name: {key: round(v, 3) for key, v in asdict(one).items()} for name, one in film.windows.items()}
    return {
        "X-Film-Rows": str(rows),
        "X-Film-Cols": str(cols),
        "X-Film-Slope": repr(film.slope),
        "X-Film-Intercept": repr(film.intercept),
        "X-Film-Windows": json.dumps(windows, separators=(",", ":")),
        "X-Film-Spacing": ",".join(f"{mm:.6f}" for mm in film.spacing or ()),
        "X-Film-Spacing-Kind": film.spacing_kind,
    }
