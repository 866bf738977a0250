"""A made picture as a DICOM secondary capture that says in every place a reader may look at that it is synthetic."""

from __future__ import annotations

import io

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from prosvet.imaging.naming import IMPLEMENTATION_VERSION, written_by_us
from prosvet.imaging.provenance import SYNTHETIC, Provenance

__all__ = ["dicom_bytes"]

_DESCRIPTION = "SYNTHETIC - NOT A PATIENT / СИНТЕТИЧЕСКИЙ СНИМОК"
_MOST = 1024  # characters of a short text
_COMMENTS = 10240  # of a long one


def dicom_bytes(pixels: NDArray[np.uint8], provenance: Provenance, name: str, *, burned_in: bool) -> bytes:
    """The file of a picture (H, W), 0 black; `name` identifies it among those that were made here.

    The same picture of the same name has the same identifiers. Prompt and settings stand as JSON in the image comments
    (and shorter among the contributing equipment), so that no private element is needed.
    """
    made = _frame(provenance, name)
    made.ImageType = ["DERIVED", "SECONDARY", "OTHER", SYNTHETIC]
    made.ConversionType = "SYN"  # the standard's own term for a synthetic image
    made.QualityControlImage = "YES"
    made.BurnedInAnnotation = "YES" if burned_in else "NO"
    made.RecognizableVisualFeatures = "NO"
    made.SeriesDescription = made.StudyDescription = _DESCRIPTION
    made.DerivationDescription = _short(f"{SYNTHETIC} {provenance.kind}: {provenance.prompt}")
    made.ImageComments = provenance.model_dump_json()[:_COMMENTS]
    made.ContributingEquipmentSequence = Items([_equipment(provenance)])
    made.Modality, made.BodyPartExamined, made.ViewPosition = "OT", "CHEST", ""
    made.PatientOrientation = ["L", "F"]
    made.Manufacturer, made.ManufacturerModelName = "Prosvet", provenance.generator[:64]
    made.SoftwareVersions = IMPLEMENTATION_VERSION
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit, made.PixelRepresentation = 7, 0
    made.LossyImageCompression = "00"
    made.PixelData = pixels.tobytes() + b"\0" * (pixels.size % 2)
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, made, enforce_file_format=True)
    return stream.getvalue()


def _frame(provenance: Provenance, name: str) -> FileDataset:
    """The identifying part: nobody's name, dates of the making."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid(prefix=None, entropy_srcs=["instance", name])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    written_by_us(meta)
    made = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.StudyInstanceUID = generate_uid(prefix=None, entropy_srcs=["study", name])
    made.SeriesInstanceUID = generate_uid(prefix=None, entropy_srcs=["series", name])
    made.PatientName, made.PatientID = "SYNTHETIC^IMAGE", f"SYNTHETIC-{name}"[:64]
    made.PatientBirthDate = made.PatientSex = made.AccessionNumber = made.ReferringPhysicianName = made.StudyID = ""
    made.SeriesNumber, made.InstanceNumber = 1, 1
    day, time = provenance.date.strftime("%Y%m%d"), provenance.date.strftime("%H%M%S")
    made.StudyDate = made.SeriesDate = made.ContentDate = made.DateOfSecondaryCapture = day
    made.StudyTime = made.SeriesTime = made.ContentTime = made.TimeOfSecondaryCapture = time
    made.TimezoneOffsetFromUTC = "+0000"
    return made


def _equipment(provenance: Provenance) -> Dataset:
    item, purpose = Dataset(), Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = "109102", "DCM", "Processing Equipment"
    item.PurposeOfReferenceCodeSequence = Items([purpose])
    item.Manufacturer, item.ManufacturerModelName = "Prosvet", provenance.generator[:64]
    item.SoftwareVersions = [IMPLEMENTATION_VERSION, provenance.revision[:64]]
    item.ContributionDateTime = provenance.date.strftime("%Y%m%d%H%M%S+0000")
    settings = f"seed {provenance.seed}, steps {provenance.steps}, guidance {provenance.guidance:g}"
    adapter = f", adapter {provenance.adapter} x {provenance.adapter_strength:g}" if provenance.adapter else ""
    item.ContributionDescription = _short(f"{settings}, {provenance.scheduler}{adapter}; not: {provenance.negative}")
    return item


def _short(text: str) -> str:
    return text.replace("\\", "/")[:_MOST]
