"""What is watched of one study: from its film, its gates, its scores and its patient to facts by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prosvet.archive.priority import URGENCY
from prosvet.imaging.film import Film
from prosvet.monitoring.picture import picture_facts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["film_facts", "gate_of", "prediction_facts", "tag_facts"]

_CRITICAL = 2
"""Findings of this urgency and above make the score that is watched as ``critical``."""
_LONGEST = 60  # characters of a category: a tag is not a place for prose
_WORDS = {"device": "ManufacturerModelName", "modality": "Modality", "photometric": "PhotometricInterpretation",
          "view_stated": "ViewPosition"}  # fmt: skip
_NUMBERS = {"kvp": ("KVP", 1.0), "exposure": ("Exposure", 1.0), "exposure_time": ("ExposureTime", 1.0)}
_FINER = {"exposure": ("ExposureInuAs", 0.001), "exposure_time": ("ExposureTimeInuS", 0.001)}


def tag_facts(header: Dataset) -> dict[str, float | str | None]:
    """The tags of a header that say how a film was made; the device by maker and model, never by its serial number."""
    facts: dict[str, float | str | None] = {name: _word(header, keyword) for name, keyword in _WORDS.items()}
    maker = _word(header, "Manufacturer")
    facts["device"] = " ".join(part for part in (maker, _word(header, _WORDS["device"])) if part)[:_LONGEST] or None
    facts["bits"] = _word(header, "BitsStored")
    for name, (keyword, scale) in _NUMBERS.items():
        found = _number(header, keyword, scale)
        if found is None and name in _FINER:
            found = _number(header, *_FINER[name])
        facts[name] = found
    return facts


def _word(header: Dataset, keyword: str) -> str | None:
    value = header.get(keyword)
    return None if value is None or str(value).strip() == "" else str(value).strip()[:_LONGEST]


def _number(header: Dataset, keyword: str, scale: float) -> float | None:
    value = header.get(keyword)
    try:
        return None if value is None or value == "" else float(value) * scale
    except (TypeError, ValueError):
        return None  # a tag that holds no number has no value: that it holds none is what is watched


def film_facts(film: Film) -> dict[str, float | str | None]:
    """Facts of a film as it came: its format, size, picture, and tags where it has them."""
    facts: dict[str, float | str | None] = {
        "format": film.format,
        "megapixels": round(film.shape[0] * film.shape[1] / 1e6, 4),
        "spacing": film.spacing[0] if film.spacing else None,
    }
    if film.header is not None:
        facts |= tag_facts(film.header)
    return facts | picture_facts(film)


def gate_of(gates: Mapping[str, Any]) -> str | None:
    """The first gate that a film did not pass cleanly, ``passed`` where it passed all; None where nobody looked."""
    if not gates:
        return None
    if not gates.get("is_chest_xray", True):
        return "not_chest_xray"
    if gates.get("view") == "lateral":
        return "lateral"
    if gates.get("inverted"):
        return "inverted"
    if gates.get("rotated"):
        return "rotated"
    return "quality" if gates.get("quality") else "passed"


def prediction_facts(scores: Mapping[str, float], threshold: float | None) -> dict[str, float | str | None]:
    """What the model says: the score of any abnormality, whether it passes `threshold`, the most urgent finding's."""
    whole = scores.get("abnormal")
    if whole is None:
        return {}
    urgent = [score for concept, score in scores.items() if (one := URGENCY.get(concept)) and one.level >= _CRITICAL]
    flagged = None if threshold is None else "above" if whole >= threshold else "below"
    return {"abnormal": whole, "flagged": flagged, "critical": max(urgent, default=None)}
