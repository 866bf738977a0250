"""What becomes of each attribute: a literal list of those that may stay in some form; every other one is dropped.

DICOM PS3.15 table E.1-1 lists what must be changed. No Python package ships that table, and a list of what may stay
is stricter: an attribute that nobody thought of is gone. The image's own numbers come from the archive's list
(``prosvet.archive.keep.KEPT``); here stands what is done with each.

Actions, with the letters of the standard in brackets: ``keep`` (K, its value must be a number or a defined term),
``uid`` (U), ``pseudonym`` (D), ``empty`` (Z), ``shift`` (C: dates), ``age`` (C), ``clean`` (C: known words only),
``name`` (K: the make of the equipment, cleaned of identities), ``device`` (K, by option), ``sequence`` (its items are
walked).
"""

from __future__ import annotations

from typing import Literal

from pydicom.datadict import dictionary_VR, tag_for_keyword

from prosvet.archive.keep import KEPT
from prosvet.hospital.deidentify.options import Options

__all__ = ["Action", "actions"]

Action = Literal["keep", "uid", "pseudonym", "empty", "shift", "age", "clean", "name", "device", "sequence"]

_EMPTY = "PatientBirthDate AccessionNumber StudyID ReferringPhysicianName AcquisitionContextSequence"
_UIDS = "SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID"
_DATES = """
    StudyDate StudyTime SeriesDate SeriesTime AcquisitionDate AcquisitionTime AcquisitionDateTime ContentDate
    ContentTime
"""
_PATIENT = "PatientSex PatientSize PatientWeight"
_DEVICE = """
    DeviceSerialNumber StationName SoftwareVersions DetectorID DetectorDescription DateOfLastDetectorCalibration
    TimeOfLastDetectorCalibration
"""
_DESCRIPTORS = """
    StudyDescription SeriesDescription ProtocolName PerformedProcedureStepDescription RequestedProcedureDescription
    AcquisitionDeviceProcessingDescription
"""
_FRAMES = "FrameTime FrameTimeVector PageNumberVector"  # what FrameIncrementPointer points to
_NAMES = "Manufacturer ManufacturerModelName"
_LATER = {"MediaStorageSOPInstanceUID", "PixelData", "PatientID", "PatientName", "PatientAge"}


def actions(options: Options) -> dict[str, Action]:
    """Keyword to action; what is not in it is dropped.

    Examples
    --------
    >>> table = actions(Options())
    >>> table["StudyInstanceUID"], table["StudyDate"], table["KVP"], table.get("InstitutionName")
    ('uid', 'shift', 'keep', None)
    """
    table: dict[str, Action] = {keyword: _plain(keyword) for keyword in KEPT - _LATER}
    table |= dict.fromkeys(_UIDS.split(), "keep" if options.keep_uids else "uid")
    table |= dict.fromkeys(("PatientID", "PatientName"), "pseudonym")
    table |= dict.fromkeys(_DATES.split(), "shift" if options.dates == "shift" else "empty")
    table |= dict.fromkeys(_EMPTY.split(), "empty")
    table |= dict.fromkeys(_FRAMES.split(), "keep")
    table |= dict.fromkeys(_NAMES.split(), "name")
    for keyword in _PATIENT.split():
        table[keyword] = "keep" if options.patient else "empty"
    if options.patient:
        table["PatientAge"] = "age"
    if options.device:
        table |= dict.fromkeys(_DEVICE.split(), "device")
        table |= dict.fromkeys(("DateOfLastDetectorCalibration", "TimeOfLastDetectorCalibration"), "shift")
    if options.descriptors:
        table |= dict.fromkeys(_DESCRIPTORS.split(), "clean")
    table.pop("SpecificCharacterSet", None)  # written anew
    return table


def _plain(keyword: str) -> Action:
    tag = tag_for_keyword(keyword)
    return "sequence" if tag is not None and dictionary_VR(tag) == "SQ" else "keep"
