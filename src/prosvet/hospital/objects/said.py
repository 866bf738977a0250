"""What results say, apart from the form that it is said in: the same in SR, in FHIR and in HL7 v2."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.sr.coding import Code

from prosvet.core.errors import ResultError
from prosvet.core.i18n import text
from prosvet.core.types import Finding, Measurement, Status
from prosvet.hospital.objects.codes import own
from prosvet.hospital.objects.grid import grid_of
from prosvet.hospital.objects.results import Results
from prosvet.hospital.objects.sources import Sources
from prosvet.hospital.objects.spacing import spacing_of
from prosvet.language.vocabulary import SYNDROMES

__all__ = ["Width", "conclusion_of", "findings_of", "notice_of", "protocol_of", "widths_of"]


@dataclass(frozen=True)
class Width:
    """A width that a ratio is of, in millimetres; ``plane`` says where it was measured."""

    code: Code
    millimetres: float
    plane: str


def findings_of(results: Results) -> tuple[Finding, ...]:
    """Every finding that something is said of. A film that was not read has every finding unassessed.

    Raises
    ------
    ResultError
        When a signed text says nothing at all: "not assessed" would be words that its signer did not say.
    """
    if results.findings or results.signed:
        if results.signed and not (results.findings or results.measurements or results.parts):
            raise ResultError(reason="no_claims")
        return results.findings
    return tuple(Finding(concept=concept, status=Status.NOT_ASSESSED) for concept in SYNDROMES)


def widths_of(one: Measurement, sources: Sources, results: Results) -> tuple[Width, ...]:
    """The widths that `one` is of; none where the source does not say how large its pixels are.

    Raises
    ------
    ResultError
        When the source is not the film that was read.
    """
    spacing = spacing_of(sources.film)
    if spacing is None or results.examination is None:
        return ()
    grid, lang = grid_of(sources, results.examination), results.lang
    plane = text(f"objects.plane.{spacing.plane}", lang)
    return tuple(
        Width(
            own(f"{name}_width", text(f"objects.names.{name}_width", lang)),
            round(spacing.length(*grid.points(line)), 1),
            plane,
        )
        for name, line in one.lines.items()
    )


def conclusion_of(results: Results) -> str:
    """The impression and the addenda; empty when there are none."""
    return "\n".join(part.text for part in results.parts if part.name in ("impression", "addendum"))


def protocol_of(results: Results) -> str:
    """The whole protocol, a paragraph a part; empty when there is no text."""
    return "\n\n".join(f"{part.title}\n{part.text}" for part in results.parts)


def notice_of(results: Results) -> str | None:
    """What has to stand beside everything that no doctor has signed."""
    return None if results.signed else text("objects.warning", results.lang)
