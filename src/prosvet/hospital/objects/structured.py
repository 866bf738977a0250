"""The Comprehensive SR by TID 1500: what viewers list as measurements, and what programs read.

The program's own is complete and unverified; one from a signed protocol is verified by its signer.
"""

from __future__ import annotations

from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ComprehensiveSRStorage

from prosvet import __version__
from prosvet.hospital.objects.codes import SCHEME
from prosvet.hospital.objects.evidence import evidence_items, library_of, set_flags
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.groups import groups_of
from prosvet.hospital.objects.identity import SCHEME_UID
from prosvet.hospital.objects.observers import context_of, language_of

__all__ = ["build", "code_item", "scheme_item"]


def build(frame: Frame) -> Dataset:
    """Write the report of one film's findings and measurements."""
    report = sr.MeasurementReport(
        observation_context=context_of(frame),
        procedure_reported=Code(codes.SCT.PlainRadiography.value, "SCT", frame.say("names.procedure")),
        imaging_measurements=groups_of(frame),
        title=Code(codes.DCM.ImagingMeasurementReport.value, "DCM", frame.say("names.measurement_report")),
        language_of_content_item_and_descendants=language_of(frame.results.lang),
    )
    _with_library(report[0], frame)
    document = Dataset()
    document.SOPClassUID = ComprehensiveSRStorage
    # The document class of highdicom copies the tree, reads it anew and looks through it three times: twice the work
    # of making it. What it would set beside the tree is set here and by the frame.
    document.update(report[0])
    document.ReferencedPerformedProcedureStepSequence = Items()
    document.PerformedProcedureCodeSequence = Items()
    document.CurrentRequestedProcedureEvidenceSequence = evidence_items(frame.sources)
    set_flags(document, frame)
    document.CodingSchemeIdentificationSequence = Items([scheme_item()])
    return document


def _with_library(root: Dataset, frame: Frame) -> None:
    """TID 1600 before the measurements: viewers look there for the images that a report is about."""
    items = root.ContentSequence
    at = next(n for n, item in enumerate(items) if item.name == codes.DCM.ImagingMeasurements)
    items.insert(at, library_of(frame))


def scheme_item() -> CodingSchemeIdentificationItem:
    """What 99PROSVET is, so that its codes are private to nobody."""
    item = CodingSchemeIdentificationItem(
        designator=SCHEME,
        name="Prosvet: concepts of chest radiography",
        version=__version__,
        responsible_organization="Prosvet",
    )
    item.CodingSchemeUID = SCHEME_UID
    return item


def code_item(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence outside the content tree."""
    return sr.CodedConcept(value, scheme, meaning)
