"""The report as an Encapsulated PDF of the study."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EncapsulatedPDFStorage

from prosvet.core.errors import ResultError
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.pages import pages_of
from prosvet.hospital.objects.sources import reference

__all__ = ["build"]


def build(frame: Frame) -> Dataset:
    """Set the pages and wrap them.

    Raises
    ------
    ResultError
        When there is no text.
    """
    if not frame.results.parts:
        raise ResultError(reason="no_text")
    pages = pages_of(frame)
    made = Dataset()
    made.SOPClassUID = EncapsulatedPDFStorage
    made.ConversionType = "WSD"
    made.BurnedInAnnotation = "YES"  # the pages name the patient, as a report must
    acquired = frame.sources.film.get("AcquisitionDate"), frame.sources.film.get("AcquisitionTime")
    made.AcquisitionDateTime = "".join(str(one) for one in acquired) if all(acquired) else ""
    made.DocumentTitle = frame.say("names.report")
    title = Dataset()
    title.CodeValue, title.CodingSchemeDesignator = "18748-4", "LN"
    title.CodeMeaning = frame.say("names.report")
    made.ConceptNameCodeSequence = Items([title])
    made.VerificationFlag = "VERIFIED" if frame.results.signed else "UNVERIFIED"
    made.SourceInstanceSequence = Items([reference(one) for one in frame.sources.all])
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocumentLength = len(pages)
    made.EncapsulatedDocument = pages + b"\0" * (len(pages) % 2)
    return made
