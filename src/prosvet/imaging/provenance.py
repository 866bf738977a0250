"""What a made picture says of itself: in the text of a PNG file, in the header of a DICOM file, in its grey values."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal

from PIL import Image, PngImagePlugin
from pydantic import Field, ValidationError

from prosvet.core.types import Frozen, Moment
from prosvet.imaging.watermark import THRESHOLD, watermark_score

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from prosvet.imaging.film import Film

__all__ = ["SYNTHETIC", "Marks", "Provenance", "marks_of", "png_bytes", "recognised"]

SYNTHETIC = "SYNTHETIC"
_KEY = "Prosvet-Synthetic"
_SAID = "Synthetic image, not a patient. Синтетический снимок, не пациент."
Way = Literal["header", "text", "watermark"]


class Provenance(Frozen):
    """Everything that a picture was made with; the same again gives the same picture.

    Attributes
    ----------
    generator, revision : str
        Name and revision of the generator's card.
    kind : str
        ``text``: from noise; ``image``: a given film changed; ``inpainting``: within a region of a given film.
    region, strength
        Of the change to a given film; None from noise.
    adapter, adapter_strength
        Name of an adapter of weights, where the generator has them, and how much of it.
    date : datetime
        UTC.
    version : str
        Of this program.
    """

    generator: str
    revision: str
    prompt: str
    negative: str = ""
    seed: int = Field(ge=0)
    steps: int = Field(ge=1)
    guidance: float
    scheduler: str
    style: str = ""
    kind: Literal["text", "image", "inpainting"] = "text"
    region: str | None = None
    strength: float | None = None
    adapter: str | None = None
    adapter_strength: float | None = None
    date: Moment
    version: str


class Marks(Frozen):
    """Which marks of a picture are there.

    ``header`` and ``text`` say that the file calls itself synthetic, ``provenance`` is what it says it was made with,
    where it can be read. ``score`` is the watermark's, `THRESHOLD` and more: it is there.
    """

    header: bool
    text: bool
    watermark: bool
    score: float
    provenance: Provenance | None = None

    @property
    def way(self) -> Way | None:
        """By which mark the picture is known, the plainest first; None for one that nothing calls synthetic."""
        ways: tuple[Way, ...] = ("header", "text", "watermark")
        return next((way for way in ways if getattr(self, way)), None)


def png_bytes(picture: Image.Image, provenance: Provenance) -> bytes:
    """`picture` as PNG with its provenance in text chunks."""
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Title", _SAID)
    notes.add_itxt("Software", f"Prosvet {provenance.version}, {provenance.generator} {provenance.revision}")
    notes.add_itxt("Description", provenance.prompt)
    notes.add_itxt(_KEY, provenance.model_dump_json())
    stream = io.BytesIO()
    picture.save(stream, "PNG", pnginfo=notes)
    return stream.getvalue()


def marks_of(data: bytes, film: Film) -> Marks:
    """The marks of a file's bytes, and of `film` that was read from them."""
    header = film.header is not None and _calls_itself(film.header)
    text = _png_text(data) if film.format == "png" else None
    said = text if film.header is None else str(film.header.get("ImageComments", ""))
    score = watermark_score(film.pixels)
    return Marks(
        header=header,
        text=text is not None,
        watermark=score >= THRESHOLD,
        score=round(score, 2),
        provenance=_parsed(said) if said and (header or text) else None,
    )


def recognised(data: bytes, film: Film) -> Way | None:
    """By which mark a film is known to be synthetic, None for all others; the watermark is looked for last."""
    if film.header is not None and _calls_itself(film.header):
        return "header"
    if film.format == "png" and _png_text(data) is not None:
        return "text"
    return "watermark" if watermark_score(film.pixels) >= THRESHOLD else None


def _calls_itself(header: Dataset) -> bool:
    """By the standard's own conversion type, or by the image type that we write; both outlive de-identification."""
    kinds = header.get("ImageType") or ()
    named = [kinds] if isinstance(kinds, str) else list(kinds)
    return str(header.get("ConversionType", "")) == "SYN" or SYNTHETIC in named


def _png_text(data: bytes) -> str | None:
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()  # text may stand behind the pixels
            text = getattr(picture, "text", {})
    except (OSError, ValueError, SyntaxError):
        return None
    found = text.get(_KEY)
    return None if found is None else str(found)


def _parsed(said: str) -> Provenance | None:
    try:
        return Provenance.model_validate_json(said)
    except ValidationError:
        return None
