"""What is watched, as a literal table: each variable's kind and the cause that a change of it points to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

__all__ = ["CAUSES", "EMBEDDING", "WATCHED", "Cause", "Kind", "of_cause"]

Kind = Literal["number", "category", "vector"]
Cause = Literal["tags", "patients", "images", "embedding", "predictions", "gates", "latency", "agreement"]
CAUSES: tuple[Cause, ...] = get_args(Cause)

EMBEDDING = "embedding"
"""Name of the variable that is the film's vector."""

WATCHED: dict[str, tuple[Kind, Cause]] = {
    # DICOM tags, as the archive keeps them.
    "device": ("category", "tags"),
    "modality": ("category", "tags"),
    "kvp": ("number", "tags"),
    "exposure": ("number", "tags"),
    "exposure_time": ("number", "tags"),
    "bits": ("category", "tags"),
    "photometric": ("category", "tags"),
    "format": ("category", "tags"),
    "spacing": ("number", "tags"),
    "megapixels": ("number", "tags"),
    "view_stated": ("category", "tags"),
    # Who is examined.
    "age": ("number", "patients"),
    "sex": ("category", "patients"),
    # The picture itself, on a scale of 0 to 1.
    "mean": ("number", "images"),
    "contrast": ("number", "images"),
    "sharpness": ("number", "images"),
    "border": ("number", "images"),
    EMBEDDING: ("vector", "embedding"),
    # What the model says.
    "abnormal": ("number", "predictions"),
    "flagged": ("category", "predictions"),
    "critical": ("number", "predictions"),
    "cleared": ("category", "predictions"),
    # What the gates say.
    "gate": ("category", "gates"),
    "view": ("category", "gates"),
    # What comes later: hours to the signature, and whether the signed report agrees with the model.
    "hours_to_signature": ("number", "latency"),
    "agreement": ("category", "agreement"),
}


def of_cause(causes: Iterable[str]) -> frozenset[str]:
    """Names of the variables of these causes."""
    wanted = set(causes)
    return frozenset(name for name, (_, cause) in WATCHED.items() if cause in wanted)
