"""Any file to one grey film, the film's geometry and quality, and pictures of what was found on it.

Names are imported on use, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prosvet.imaging.film import Film
    from prosvet.imaging.geometry import Box, Placement, content_box, letterbox
    from prosvet.imaging.intensity import normalise, standardise
    from prosvet.imaging.load import load_bytes, load_film
    from prosvet.imaging.overlay import draw_overlay
    from prosvet.imaging.quality import quality_reasons

__all__ = [
    "Box",
    "Film",
    "Placement",
    "content_box",
    "draw_overlay",
    "letterbox",
    "load_bytes",
    "load_film",
    "normalise",
    "quality_reasons",
    "standardise",
]

_HOMES = {
    "Box": "geometry",
    "Film": "film",
    "Placement": "geometry",
    "content_box": "geometry",
    "draw_overlay": "overlay",
    "letterbox": "geometry",
    "load_bytes": "load",
    "load_film": "load",
    "normalise": "intensity",
    "quality_reasons": "quality",
    "standardise": "intensity",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
