"""Films as devices send them: pictures of the development data wrapped as DX objects with identities of their own."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

__all__ = ["as_dx", "fresh_uid"]

_DX = "1.2.840.10008.5.1.4.1.1.1.1"


def fresh_uid() -> str:
    """A UID that nobody has."""
    return f"2.25.{uuid.uuid4().int}"


def as_dx(picture: Path, *, study: str | None = None, patient: str = "12345", body_part: str = "CHEST") -> Dataset:
    """The picture as an 8-bit digital X-ray for presentation, with a patient and fresh UIDs."""
    with Image.open(picture) as opened:
        pixels = np.asarray(opened.convert("L"))
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = _DX, fresh_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = study or fresh_uid(), fresh_uid()
    made.PatientName, made.PatientID, made.PatientSex = "Иванов^Иван", patient, "M"
    made.PatientBirthDate, made.StudyDate, made.StudyTime = "19600102", "20260314", "101500"
    made.ReferringPhysicianName, made.StudyID, made.AccessionNumber = "", "1", f"A{patient}"
    made.Modality, made.BodyPartExamined, made.ViewPosition = "DX", body_part, "PA"
    made.PresentationIntentType, made.Manufacturer = "FOR PRESENTATION", "Test"
    made.SeriesNumber, made.InstanceNumber = "1", "1"
    made.ImageType, made.PixelSpacing, made.ImagerPixelSpacing = ["ORIGINAL", "PRIMARY"], [1.4, 1.4], [1.4, 1.4]
    made.SamplesPerPixel, made.PhotometricInterpretation, made.PixelRepresentation = 1, "MONOCHROME2", 0
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit = 7
    made.PixelData = pixels.tobytes() + (b"\0" if pixels.size % 2 else b"")
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID, made.file_meta.MediaStorageSOPInstanceUID = _DX, made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made
