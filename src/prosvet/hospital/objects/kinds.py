"""The kinds of results, in the order in which a viewer lists them, and the series that each goes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CHARSETS", "KINDS", "SERIES", "Charset", "Kind", "Series"]

Kind = Literal["sr", "text_sr", "seg", "sc", "pdf"]
KINDS: tuple[Kind, ...] = ("sr", "text_sr", "seg", "sc", "pdf")

Charset = Literal["ISO_IR 192", "ISO_IR 144"]
CHARSETS: dict[Charset, str] = {"ISO_IR 192": "utf-8", "ISO_IR 144": "iso8859_5"}
"""Specific Character Sets that results are written in, and the codecs behind them."""


@dataclass(frozen=True)
class Series:
    """The series of one kind: its number stands far above those of modalities, its modality as the standard has it."""

    number: int
    modality: str


SERIES: dict[Kind, Series] = {
    "sr": Series(9101, "SR"),
    "text_sr": Series(9102, "SR"),
    "seg": Series(9103, "SEG"),
    "sc": Series(9104, "OT"),
    "pdf": Series(9105, "DOC"),
}
