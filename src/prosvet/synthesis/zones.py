"""Named parts of a chest on a prepared picture: where a finding is to be placed, and where a change was made."""

from __future__ import annotations

from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from prosvet.core.context import Context
from prosvet.core.errors import SynthesisError
from prosvet.core.types import Side, Status, Zone
from prosvet.imaging.intensity import standardise
from prosvet.language.labels import LabelledFinding
from prosvet.models.anatomy import PARTS, clean_plane
from prosvet.models.backends.onnx import OnnxNetwork
from prosvet.models.card import verified_path
from prosvet.models.deployed import in_force
from prosvet.synthesis.wanted import LUNG_FINDINGS

__all__ = ["REGIONS", "Anatomist", "Mask", "Region", "region_mask", "regions_asked"]

Mask = NDArray[np.bool_]
Region = Literal[
    "lungs", "right_lung", "left_lung", "right_upper", "right_middle", "right_lower", "left_upper", "left_middle",
    "left_lower", "heart",
]  # fmt: skip
REGIONS: tuple[Region, ...] = get_args(Region)
"""Right is the patient's right; upper, middle and lower are thirds of a lung's height."""

_SEEN = 256  # pixels
_THIRDS = ("upper", "middle", "lower")


class Anatomist:
    """The anatomy network of the model in force."""

    def __init__(self, network: OnnxNetwork) -> None:
        self._network = network

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """Of the pack that reads."""
        card = in_force(context.settings).card
        return cls(OnnxNetwork(verified_path(card, "anatomy"), context.settings.threads))

    def masks(self, picture: NDArray[np.float32]) -> dict[str, Mask]:
        """Lungs and heart of a prepared picture (size, size) in 0..1, as far as they are found.

        The network sees it at 256 pixels; the masks are of the picture's own size.
        """
        side, (height, width) = _SEEN, picture.shape
        seen = picture if picture.shape == (side, side) else _resized(picture, side)
        planes = self._network(standardise(seen[None, None]))[0][0]
        found = {part: clean_plane(plane) for part, plane in zip(PARTS, planes, strict=True)}
        rows, columns = np.arange(height) * side // height, np.arange(width) * side // width
        return {part: mask[np.ix_(rows, columns)] for part, mask in found.items() if mask is not None}


def _resized(picture: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    small = Image.fromarray(np.ascontiguousarray(picture, dtype=np.float32))
    return np.asarray(small.resize((side, side), Image.Resampling.BOX), dtype=np.float32)


def region_mask(masks: dict[str, Mask], region: Region) -> Mask:
    """Where `region` lies.

    Raises
    ------
    SynthesisError
        When its part was not found on the picture.
    """
    needed = ("right_lung", "left_lung") if region == "lungs" else (_part(region),)
    if not set(needed) <= set(masks):
        raise SynthesisError(reason="no_region", region=region)
    if region == "lungs":
        return masks["right_lung"] | masks["left_lung"]
    whole = masks[needed[0]]
    third = region.rpartition("_")[2]
    return whole if third not in _THIRDS else _third(whole, _THIRDS.index(third))


def _part(region: Region) -> str:
    return "heart" if region == "heart" else f"{region.partition('_')[0]}_lung"


def _third(lung: Mask, number: int) -> Mask:
    rows = np.flatnonzero(lung.any(axis=1))
    edges = np.linspace(rows[0], rows[-1] + 1, 4).astype(int)
    out = np.zeros_like(lung)
    out[edges[number] : edges[number + 1]] = lung[edges[number] : edges[number + 1]]
    return out


def regions_asked(said: tuple[LabelledFinding, ...]) -> tuple[Region, ...]:
    """Where the findings that a prompt names must show; empty when it names none that has a place."""
    found: dict[Region, None] = {}
    for one in said:
        if one.status is not Status.PRESENT:
            continue
        if one.concept == "cardiomegaly":
            found["heart"] = None
        elif one.concept in LUNG_FINDINGS:
            found |= dict.fromkeys(_of_lungs(one.side, one.zone))
    # What is said more exactly wins: "left lower pneumonia" also says "lung opacity".
    exact = [region for region in found if region != "lungs"]
    return tuple(exact or found)


def _of_lungs(side: Side | None, zone: Zone | None) -> tuple[Region, ...]:
    sides = (
        {Side.RIGHT: ("right",), Side.LEFT: ("left",), Side.BILATERAL: ("right", "left")}.get(side) if side else None
    )
    third = zone.value if zone in (Zone.UPPER, Zone.MIDDLE, Zone.LOWER) else None
    if sides is None and third is None:
        return ("lungs",)
    names = [f"{one}_{third or 'lung'}" for one in sides or ("right", "left")]
    return tuple(region for region in REGIONS if region in names)
