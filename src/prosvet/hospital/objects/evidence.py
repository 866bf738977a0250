"""What a report is about, and how far it is answered for: references to the study's objects, and the flags."""

from __future__ import annotations

from highdicom import sr
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.observers import person_name
from prosvet.hospital.objects.sources import EMPTY_WHEN_UNKNOWN, Sources, reference

__all__ = ["evidence_items", "library_of", "nameless", "set_flags"]


def nameless(source: Dataset) -> Dataset:
    """Only what refers to `source`: highdicom quotes names in its warnings. Patient and study come by the frame."""
    header = Dataset()
    for keyword in EMPTY_WHEN_UNKNOWN:
        setattr(header, keyword, "")
    for keyword in ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        setattr(header, keyword, str(source[keyword].value))
    return header


def evidence_items(sources: Sources) -> Items:
    """Current Requested Procedure Evidence Sequence: every object of the study that the result was given."""
    series: dict[str, Items] = {}
    for source in sources.all:
        series.setdefault(str(source.SeriesInstanceUID), Items()).append(reference(source))
    study = Dataset()
    study.StudyInstanceUID = sources.study
    study.ReferencedSeriesSequence = Items()
    for number, objects in series.items():
        item = Dataset()
        item.SeriesInstanceUID, item.ReferencedSOPSequence = number, objects
        study.ReferencedSeriesSequence.append(item)
    return Items([study])


def library_of(frame: Frame) -> sr.ContainerContentItem:
    """TID 1600: the images, one group, each by reference."""
    library = _container(codes.DCM.ImageLibrary)
    group = _container(codes.DCM.ImageLibraryGroup)
    for source in frame.sources.all:
        if "Rows" in source:  # a report among the sources is evidence, and no image
            group.ContentSequence.append(
                sr.ImageContentItem(
                    name=codes.DCM.SourceOfMeasurement,
                    referenced_sop_class_uid=str(source.SOPClassUID),
                    referenced_sop_instance_uid=str(source.SOPInstanceUID),
                    relationship_type="CONTAINS",
                )
            )
    library.ContentSequence.append(group)
    return library


def set_flags(document: Dataset, frame: Frame) -> None:
    """Completion and verification: the program verifies nothing."""
    signed = frame.results.signed
    document.CompletionFlag = "COMPLETE"
    document.PreliminaryFlag = "FINAL" if signed else "PRELIMINARY"
    document.VerificationFlag = "VERIFIED" if signed else "UNVERIFIED"
    if signed is None:
        return
    observer = Dataset()
    observer.VerifyingObserverName = person_name(signed.name)
    organisation = signed.organisation or str(frame.sources.film.get("InstitutionName") or "").strip()
    observer.VerifyingOrganization = (organisation or frame.say("no_organisation"))[:64]
    observer.VerificationDateTime = frame.on_the_clock_of_the_study(signed.at).strftime("%Y%m%d%H%M%S")
    observer.VerifyingObserverIdentificationCodeSequence = Items()
    document.VerifyingObserverSequence = Items([observer])


def _container(name: Code) -> sr.ContainerContentItem:
    item = sr.ContainerContentItem(name=name, relationship_type="CONTAINS")
    item.ContentSequence = sr.ContentSequence()
    return item
