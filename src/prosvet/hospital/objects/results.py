"""What an object is to say: the program's own reading, or a protocol that a person has signed.

A signed protocol says what its signer let stand. Its findings are those that the archive files with it, read off its
text: what the model had claimed and the signer struck out is in no object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prosvet.core.i18n import Lang
from prosvet.core.types import Finding, Gates, Measurement, ModelRef
from prosvet.models.examine import Examination
from prosvet.reading.api import Reading
from prosvet.reading.protocols.versions import Version

__all__ = ["Part", "Predecessor", "Results", "Signed", "machine_results", "signed_results"]


@dataclass(frozen=True)
class Part:
    """A part of the protocol: ``impression``, ``lungs``, ...; its heading and its text."""

    name: str
    title: str
    text: str


@dataclass(frozen=True)
class Signed:
    """Who answers for a protocol.

    Attributes
    ----------
    name : str
        As it is to stand in the object (a DICOM person name, or plain words).
    at : datetime
        When it was signed, on the wall clock that `make` is given.
    organisation : str
        Empty when neither the settings nor the study's own header tell it.
    digest : str
        Hash of the signed version; it goes into the object's identity.
    """

    name: str
    at: datetime
    organisation: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Predecessor:
    """A report of ours, of the same study, that this one takes the place of."""

    sop_class: str
    sop_uid: str
    series_uid: str


@dataclass(frozen=True)
class Results:
    """What is to be said.

    Attributes
    ----------
    lang : {"ru", "en"}
        Of the words; codes have their meanings in it, too.
    findings : tuple of Finding
        Empty when no film was read. Places are on the upright film of `examination`.
    measurements : tuple of Measurement
    parts : tuple of Part
        The protocol. May be empty (scores without a report): then there is no text to make an object of.
    model : ModelRef or None
        None for a signed protocol that no model had a part in.
    gates : Gates or None
    examination : Examination or None
        The film, upright, with anatomy and maps: contours and pictures need it.
    film : str or None
        SOPInstanceUID of the source that was read; the first source when None.
    signed : Signed or None
        None: the program's own, unverified.
    predecessors : tuple of Predecessor
        Reports that went out before and that this one replaces; a structured report names them.
    """

    lang: Lang
    findings: tuple[Finding, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    parts: tuple[Part, ...] = ()
    model: ModelRef | None = None
    gates: Gates | None = None
    examination: Examination | None = field(default=None, repr=False)
    film: str | None = None
    signed: Signed | None = None
    predecessors: tuple[Predecessor, ...] = ()


def machine_results(reading: Reading, examination: Examination, lang: Lang, *, film: str | None = None) -> Results:
    """The program's reading of one film, as :func:`prosvet.reading.api.read_film` gives it."""
    sections = reading.report.sections if reading.report else ()
    parts = tuple(Part(s.name, s.title, " ".join(one.text for one in s.sentences)) for s in sections)
    return Results(
        lang=reading.report.language if reading.report else lang,
        findings=reading.findings,
        measurements=reading.measurements,
        parts=tuple(part for part in parts if part.text),
        model=reading.model,
        gates=reading.gates,
        examination=examination,
        film=film,
    )


def signed_results(
    protocol: Version,
    addenda: Sequence[Version],
    findings: Sequence[Finding],
    signed: Signed,
    *,
    examination: Examination | None = None,
    film: str | None = None,
) -> Results:
    """A signed protocol and its addenda.

    Parameters
    ----------
    findings : sequence of Finding
        What the signed text claims (:func:`prosvet.hospital.objects.claims.claims_of`).

    Notes
    -----
    A measurement goes with the protocol only where a sentence that stands cites it.
    """
    cited = {source for line in protocol.content.lines if line.kept for source in line.sources}
    parts = [part for version in (protocol, *addenda) for part in version.content.parts]
    basis = protocol.content.basis
    return Results(
        lang=protocol.language,
        findings=tuple(findings),
        measurements=tuple(one for one in basis.measurements if one.name in cited),
        parts=tuple(Part(part.name, part.title, part.text) for part in parts if part.text),
        model=basis.model,
        gates=basis.gates,
        examination=examination,
        film=film,
        signed=signed,
    )
