"""The picture beside a reading: the film with the heat map of what was found, contours and the ratio's lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Status
from prosvet.imaging import draw_overlay
from prosvet.models.examine import Examination
from prosvet.reading.evidence import excess

__all__ = ["heat_map", "save_overlay"]


def heat_map(examination: Examination, findings: Sequence[Finding]) -> NDArray[np.float32] | None:
    """Where the leading finding was seen, on the film (H, W), 0..1: what stands above half of its map's peak.

    The leading finding is the likeliest of those present, or of those uncertain when none is present; `abnormal`
    speaks only when no named finding does. None when nothing was found.
    """
    told = [f for f in findings if f.status in (Status.PRESENT, Status.UNCERTAIN) and f.concept in examination.maps]
    if not told:
        return None
    lead = max(told, key=lambda f: (f.concept != "abnormal", f.status is Status.PRESENT, f.probability or 0.0))
    found = examination.maps[lead.concept]
    above_half = np.maximum(2 * excess(found.plane) - 1, 0)
    return found.placement.map_to_original(above_half, examination.film.shape)


def save_overlay(examination: Examination, findings: Sequence[Finding], folder: Path, lang: Lang) -> Path:
    """Write ``NAME.overlay.png`` into `folder` and return its path."""
    shape, anatomy = examination.film.shape, examination.anatomy
    contours = {part: anatomy.on_film(part, shape) for part in anatomy.masks} if anatomy else None
    ratio = anatomy.cardiothoracic_ratio() if anatomy else None
    picture = draw_overlay(
        examination.film,
        heat=heat_map(examination, findings),
        contours=contours,
        lines=ratio.lines if ratio else None,
        lang=lang,
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{examination.film.name}.overlay.png"
    picture.save(path)
    return path
