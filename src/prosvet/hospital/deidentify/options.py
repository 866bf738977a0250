"""What is taken out and what may stay: the options of the confidentiality profile, and their codes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from prosvet.core.types import Frozen

__all__ = ["Options", "method_codes", "method_words"]


class Options(Frozen):
    """Options of DICOM PS3.15, annex E, over the Basic Application Level Confidentiality Profile."""

    dates: Literal["shift", "remove"] = Field(
        default="shift", description="Move a patient's dates by one secret number, or take dates out."
    )
    patient: bool = Field(default=True, description="Keep sex, age (above 89 it becomes 90), height and weight.")
    device: bool = Field(default=False, description="Keep serial numbers, station and software of the equipment.")
    descriptors: bool = Field(default=True, description="Keep the known words of descriptions; otherwise none.")
    pixels: bool = Field(default=True, description="Find burned-in text and mask it.")
    keep_markers: bool = Field(default=False, description="Leave the side letters L, R, Л, П in the picture.")
    keep_uids: bool = Field(default=False, description="Keep UIDs: whoever has the originals can then match them.")
    safe_private: tuple[str, ...] = Field(
        default=(),
        max_length=100,
        description="Private numbers that may stay: CREATOR:GGGG:EE, for example ACME:0019:10.",
    )
    margin: float = Field(default=0.35, ge=0.0, le=2.0, description="Margin around a text, in heights of its line.")
    most_masked: float = Field(
        default=0.3, gt=0.0, le=1.0, description="A picture of which more would be masked is withheld, 0..1."
    )


def method_codes(options: Options) -> list[Dataset]:
    """Items of DeidentificationMethodCodeSequence, of context group 7050.

    Examples
    --------
    >>> [item.CodeValue for item in method_codes(Options())]
    ['113100', '113101', '113105', '113107', '113108']
    """
    group = codes.cid7050
    chosen = [group.BasicApplicationConfidentialityProfile]
    chosen += [group.CleanPixelDataOption] if options.pixels else []
    chosen += [group.CleanDescriptorsOption] if options.descriptors else []
    shifted = group.RetainLongitudinalTemporalInformationModifiedDatesOption
    chosen += [shifted] if options.dates == "shift" else []
    chosen += [group.RetainPatientCharacteristicsOption] if options.patient else []
    chosen += [group.RetainDeviceIdentityOption] if options.device else []
    chosen += [group.RetainUidsOption] if options.keep_uids else []
    chosen += [group.RetainSafePrivateOption] if options.safe_private else []
    return [_item(code.value, code.meaning) for code in chosen]


def method_words() -> str:
    """DeidentificationMethod: what did it."""
    return "PROSVET KEEP-LIST, PS3.15 ANNEX E"


def _item(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item
