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
    """The strongest of the maps of the findings that are present or uncertain, on the film (H, W), 0..1.

    A present finding outweighs an uncertain one. None when nothing was found; `abnormal` speaks only when no
    named finding does.
    """
    told = [f for f in findings if f.status in (Status.PRESENT, Status.UNCERTAIN) and f.concept in examination.maps]
    named = [f for f in told if f.concept != "abnormal"] or told
    present = [f for f in named if f.status is Status.PRESENT] or named
    if not present:
        return None
    maps = [examination.maps[f.concept] for f in present]
    strongest = np.maximum.reduce([excess(m.plane) for m in maps])
    return maps[0].placement.map_to_original(strongest, examination.film.shape)


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
