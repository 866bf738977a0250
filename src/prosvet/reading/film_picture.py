"""A film as a picture for a page: the film alone, or with the heat map of one finding over it."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding
from prosvet.imaging import draw_overlay
from prosvet.imaging.film import Film
from prosvet.models.examine import Examination, FindingMap
from prosvet.reading.evidence import excess

__all__ = ["film_jpeg", "heat_jpeg"]

_QUALITY = 88


def film_jpeg(film: Film, width: int, lang: Lang) -> bytes:
    """`film` as a JPEG `width` pixels wide, as a reading monitor would show it."""
    stream = io.BytesIO()
    draw_overlay(film, width=width, lang=lang).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def heat_jpeg(
    examination: Examination, findings: Sequence[Finding], concept: str | None, width: int, lang: Lang
) -> bytes:  # fmt: skip
    """The film of `examination` with the map of `concept`; the film alone when it has none, or for None.

    What stands above half of the map's peak is drawn, as in :func:`prosvet.reading.picture.heat_map`.
    """
    found = _map_of(examination, findings, concept)
    if found is None:
        return film_jpeg(examination.film, width, lang)
    above_half = np.maximum(2 * excess(found.plane) - 1, 0)
    heat = found.placement.map_to_original(above_half, examination.film.shape)
    stream = io.BytesIO()
    draw_overlay(examination.film, heat=heat, width=width, lang=lang).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()


def _map_of(examination: Examination, findings: Sequence[Finding], concept: str | None) -> FindingMap | None:
    """A finding that stands for its parts (focal opacity: mass or nodule) is shown on the part's own map."""
    own = next((one for one in findings if one.concept == concept), None)
    if own is None or not any(one.kind == "map" for one in own.evidence):
        return None
    parts = (one.concept for one in findings if one.evidence == own.evidence)
    return next((examination.maps[c] for c in (own.concept, *parts) if c in examination.maps), None)
