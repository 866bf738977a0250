"""A picture for viewers that show nothing else: the film with everything drawn into it, and marked as such."""

from __future__ import annotations

import numpy as np
from highdicom.sc import SCImage
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.valuerep import DA, TM

from prosvet.core.errors import ResultError
from prosvet.hospital.objects.frame import Frame
from prosvet.hospital.objects.picture import picture_of
from prosvet.hospital.objects.sources import reference
from prosvet.hospital.objects.structured import code_item

__all__ = ["build"]


def build(frame: Frame) -> Dataset:
    """Draw and write.

    Raises
    ------
    ResultError
        When no film was read.
    """
    film, examination = frame.sources.film, frame.results.examination
    if examination is None:
        raise ResultError(reason="no_film")
    made = SCImage(
        pixel_array=np.asarray(picture_of(frame), dtype=np.uint8),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        study_instance_uid=frame.sources.study,
        series_instance_uid=frame.series_uid,
        series_number=1,
        sop_instance_uid=frame.sop_uid,
        instance_number=1,
        manufacturer="Prosvet",
        patient_orientation=("L", "F"),
    )
    made.PatientOrientation = _orientation(frame)  # type: ignore[assignment]
    if examination.gates.is_chest_xray:
        made.BodyPartExamined = "CHEST"
    else:
        made.Laterality = ""  # unknown, as the part of the body is
    made.ConversionType = "WSD"
    made.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    made.BurnedInAnnotation = "YES"
    made.DateOfSecondaryCapture, made.TimeOfSecondaryCapture = DA(frame.day), TM(frame.time)
    made.DerivationDescription = frame.say("derivation")
    made.ImageComments = frame.say("warning_both")
    source = reference(film)
    source.PurposeOfReferenceCodeSequence = Items(
        [code_item("121322", "DCM", "Source image for image processing operation")]
    )
    made.SourceImageSequence = Items([source])
    made.LossyImageCompression = "01" if str(film.get("LossyImageCompression") or "") == "01" else "00"
    if made.LossyImageCompression == "01":
        _copy_lossy(film, made)
    return made


def _orientation(frame: Frame) -> list[str] | str:
    """The source's, for a film that came upright; else unknown, and nothing is made up."""
    examination = frame.results.examination
    given = frame.sources.film.get("PatientOrientation")
    if examination is None or examination.gates.rotated or not given or len(given) != 2:
        return ""
    return [str(one) for one in given]


def _copy_lossy(film: Dataset, made: Dataset) -> None:
    """What was once lost stays told (PS3.3 C.7.6.1.1.5)."""
    for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if film.get(keyword):
            setattr(made, keyword, film.get(keyword))
