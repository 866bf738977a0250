"""The protocol as a Basic Text SR: a section a part, the words as they were written."""

from __future__ import annotations

from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import BasicTextSRStorage

from prosvet.core.errors import ResultError
from prosvet.hospital.objects.codes import own
from prosvet.hospital.objects.evidence import evidence_items, set_flags
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.observers import context_of, language_of
from prosvet.hospital.objects.results import Part
from prosvet.hospital.objects.structured import scheme_item

__all__ = ["build"]

_SECTIONS = {  # CID 7001, and what stands in each (CID 7002)
    "impression": (codes.DCM.Impressions, codes.DCM.Impression),
    "findings": (codes.DCM.Findings, codes.DCM.Finding),
    "addendum": (codes.DCM.Addendum, codes.DCM.Addendum),
}


def build(frame: Frame) -> Dataset:
    """Write the text.

    Raises
    ------
    ResultError
        When there is no text.
    """
    if not frame.results.parts:
        raise ResultError(reason="no_text")
    document = Dataset()
    document.SOPClassUID = BasicTextSRStorage
    document.update(_root(frame))
    document.ReferencedPerformedProcedureStepSequence = Items()
    document.PerformedProcedureCodeSequence = Items()
    document.CurrentRequestedProcedureEvidenceSequence = evidence_items(frame.sources)
    set_flags(document, frame)
    document.CodingSchemeIdentificationSequence = Items([scheme_item()])
    return document


def _root(frame: Frame) -> Dataset:
    title = Code(codes.LN.DiagnosticImagingReport.value, "LN", frame.say("names.report"))
    root = sr.ContainerContentItem(name=title)
    items = sr.ContentSequence(is_root=False)
    items.extend(language_of(frame.results.lang))
    items.extend(context_of(frame))
    items.append(_film(frame))
    items.extend(_section(part) for part in frame.results.parts)
    root.ContentSequence = Items(items)
    return root


def _film(frame: Frame) -> sr.ImageContentItem:
    film = frame.sources.film
    return sr.ImageContentItem(
        name=Code(codes.DCM.SourceImage.value, "DCM", frame.say("names.source_image")),
        referenced_sop_class_uid=str(film.SOPClassUID),
        referenced_sop_instance_uid=str(film.SOPInstanceUID),
        relationship_type="CONTAINS",
    )


def _section(part: Part) -> sr.ContainerContentItem:
    section, sentence = _SECTIONS.get(part.name) or (own(part.name, part.title), codes.DCM.Finding)
    made = sr.ContainerContentItem(
        name=Code(section.value, section.scheme_designator, part.title), relationship_type="CONTAINS"
    )
    text = sr.TextContentItem(
        name=Code(sentence.value, sentence.scheme_designator, sentence.meaning), value=part.text,
        relationship_type="CONTAINS",
    )  # fmt: skip
    made.ContentSequence = sr.ContentSequence([text])
    return made
