"""The capability synthesize.inspect: is this file synthetic, by which marks, and what was it made with."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from prosvet.core.context import Context
from prosvet.core.i18n import text
from prosvet.core.types import Frozen
from prosvet.imaging.limits import read_bytes
from prosvet.imaging.load import load_bytes
from prosvet.imaging.provenance import Provenance, marks_of
from prosvet.imaging.watermark import THRESHOLD

__all__ = ["InspectRequest", "InspectResult", "run"]


class InspectRequest(Frozen):
    """The file to look at."""

    file: Path = Field(description="A PNG, DICOM, JPEG or TIFF file.")


class InspectResult(Frozen):
    """Which marks have survived.

    Attributes
    ----------
    synthetic : bool
        Some mark says so. That none does is no proof that a film was taken of a patient.
    survived, lost : tuple of str
        Of the marks that a file of this format carries when we write it: ``header`` or ``text``, and ``watermark``.
    score, threshold : float
        Of the watermark.
    provenance : Provenance or None
        What the file says it was made with.
    said : str
        In the user's language.
    """

    file: str
    synthetic: bool
    survived: tuple[Literal["header", "text", "watermark"], ...]
    lost: tuple[Literal["header", "text", "watermark"], ...]
    score: float
    threshold: float
    provenance: Provenance | None
    said: str


def run(request: InspectRequest, context: Context) -> InspectResult:
    """Read header or text, and look for the watermark.

    Raises
    ------
    NotFound, ImageError
        When the file is no image.
    """
    data = read_bytes(request.file, context.settings)
    film = load_bytes(data, request.file.name, context.settings, windowed=False)
    marks = marks_of(data, film)
    carried: tuple[Literal["header", "text", "watermark"], ...] = (
        "header" if film.format == "dicom" else "text", "watermark",
    )  # fmt: skip
    survived = tuple(way for way in carried if getattr(marks, way))
    lost = tuple(way for way in carried if way not in survived) if survived else ()
    key = "none" if not survived else "watermark" if survived == ("watermark",) else "both" if not lost else "words"
    return InspectResult(
        file=request.file.name, synthetic=bool(survived), survived=survived, lost=lost, score=marks.score,
        threshold=THRESHOLD, provenance=marks.provenance, said=text(f"synthesis.inspect.{key}", context.lang),
    )  # fmt: skip
