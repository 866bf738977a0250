"""An export as the body of an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Response

if TYPE_CHECKING:
    from prosvet.hospital.objects.export import Export

__all__ = ["attachment"]


def attachment(made: Export, kind: str) -> Response:
    """The file, of the media type `kind`; it may name the patient, so that nothing on the way keeps it."""
    headers = {
        "Content-Disposition": f'attachment; filename="{made.file}"',
        "X-Basis": made.basis,
        "X-Identified": "1" if made.identified else "0",
        "Cache-Control": "no-store",
    }
    return Response(made.data, media_type=kind, headers=headers)
