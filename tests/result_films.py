"""Films as hospitals send them, wrapped from real pixels, and the tools that judge what is made of them."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from prosvet.core.types import Finding, Gates, Measurement, ModelRef, Status, View
from prosvet.hospital.objects import Results
from prosvet.hospital.objects.results import Part
from prosvet.imaging.film import Film
from prosvet.imaging.geometry import Box, Placement
from prosvet.models.anatomy import Anatomy
from prosvet.models.examine import Examination

__all__ = ["AT", "TEXT", "VARIANTS", "Verdict", "judged", "square_results", "wrapped"]

VARIANTS: dict[str, dict[str, Any]] = {
    "ImagerPixelSpacing, 12 bit": {},
    "no spacing": {"spacing": None},
    "PixelSpacing": {"spacing": "PixelSpacing"},
    "NominalScannedPixelSpacing": {"spacing": "NominalScannedPixelSpacing"},
    "no patient": {"person": False},
    "ISO_IR 144": {"charset": "ISO_IR 144"},
    "no character set": {"charset": None},
    "8 bit": {"bits": 8},
    "16 bit": {"bits": 16},
    "MONOCHROME1": {"negative": True},
    "frame of reference": {"frame": True},
}
"""Ways of wrapping a film: what the sources of a hospital have, and lack."""


AT = datetime(2026, 11, 22, 10, 30)
TEXT = "Лёгочные поля прозрачны, инфильтративных изменений нет. Объём сердца не увеличен, КТИ 0,47 (№ 5)."
_MODEL = ModelRef(name="compact", revision="2026.11.2", operating_point="balanced")


def wrapped(
    pixels: NDArray[Any],
    *,
    bits: int = 12,
    negative: bool = False,
    spacing: str | None = "ImagerPixelSpacing",
    charset: str | None = "ISO_IR 192",
    person: bool = True,
    frame: bool = False,
    study: str = "2.25.1001",
    number: int = 1,
) -> Dataset:
    """A CR film of `pixels` (H, W), 0..1.

    Parameters
    ----------
    negative : bool
        MONOCHROME1.
    spacing : str or None
        The element that says how large the pixels are: 0.2 mm by 0.1 mm.
    person : bool
        Name, number, birth date and sex of an invented patient.
    frame : bool
        A frame of reference, as some systems write one.
    """
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = ComputedRadiographyImageStorage
    made.SOPInstanceUID, made.SeriesInstanceUID, made.StudyInstanceUID = f"{study}.2.{number}", f"{study}.1", study
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.Modality, made.BodyPartExamined, made.ViewPosition = "CR", "CHEST", "PA"
    if charset:
        made.SpecificCharacterSet = charset
    if person:
        made.PatientName = "Иванова^Мария^Петровна" if charset else "Ivanova^Maria"
        made.PatientID, made.PatientBirthDate, made.PatientSex = "МК-0042" if charset else "MK-0042", "19600229", "F"
        made.StudyDate, made.StudyTime, made.AccessionNumber, made.StudyID = "20260101", "101112", "A-77", "9"
        made.ReferringPhysicianName = "Петров^Пётр" if charset else "Petrov^P"
    if spacing:
        setattr(made, spacing, [0.2, 0.1])
    if frame:
        made.FrameOfReferenceUID = f"{study}.3"
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PixelRepresentation = 1, 0
    made.BitsAllocated, made.BitsStored, made.HighBit = 8 if bits == 8 else 16, bits, bits - 1
    made.PhotometricInterpretation = "MONOCHROME1" if negative else "MONOCHROME2"
    white = (1 << bits) - 1
    values = np.round((1 - pixels if negative else pixels) * white).astype(np.uint8 if bits == 8 else np.uint16)
    made.PixelData = values.tobytes()
    return made


def square_results(source: Dataset, square: Box, *, rotated: int = 0, lang: Any = "ru") -> Results:
    """Results whose heart is `square` on the upright film and whose lungs lie beside it; no network saw the film."""
    rows, columns = int(source.Rows), int(source.Columns)
    height, width = (columns, rows) if rotated in (90, 270) else (rows, columns)
    masks = {name: np.zeros((height, height), dtype=bool) for name in ("right_lung", "left_lung", "heart")}
    masks["heart"][square.top : square.bottom, square.left : square.right] = True
    masks["right_lung"][2:-2, : square.left] = True
    masks["left_lung"][2:-2, square.right : width] = True
    scale = 1.0
    place = Placement(Box(0, 0, height, height), height, scale, 0, 0)
    film = Film(np.random.default_rng(5).random((height, width), dtype=np.float32), "film.dcm", "0" * 64, "dicom")
    gates = Gates(
        is_chest_xray=True, chest_xray_probability=0.99, view=View.FRONTAL, lateral_probability=0.01, inverted=False,
        inverted_probability=0.01, rotated=rotated,
    )  # fmt: skip
    line = (float(square.left), float(square.top)), (float(square.right), float(square.top))
    chest = (0.0, float(square.top)), (float(width), float(square.top))
    ratio = Measurement(
        name="cardiothoracic_ratio",
        value=round((square.right - square.left) / width, 3),
        lines={"heart": line, "thorax": chest},
    )
    examination = Examination(film, gates, _MODEL, anatomy=_Whole(masks, place))
    findings = (
        Finding(concept="pneumothorax", status=Status.ABSENT, probability=0.02),
        Finding(concept="fracture", status=Status.NOT_ASSESSED),
    )
    parts = (Part("lungs", "Лёгочные поля", TEXT), Part("impression", "Заключение", "Патологии не выявлено."))
    return Results(lang, findings, (ratio,), parts, _MODEL, gates, examination)


class _Whole(Anatomy):
    """Masks that are already on the film's pixels, wider or narrower than a square."""

    def on_film(self, part: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
        whole = np.zeros(shape, dtype=bool)
        mask = self.masks[part][: shape[0], : shape[1]]
        whole[: mask.shape[0], : mask.shape[1]] = mask
        return whole


@dataclass(frozen=True)
class Verdict:
    """What ``dciodvfy`` says of a file."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]


def judged(path: Path) -> Verdict:
    """Run ``dciodvfy``; it answers on its standard error."""
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, errors="replace")
    lines = (done.stderr + done.stdout).splitlines()
    own = re.compile(r"99PROSVET|attribute <Coding Scheme UID>")
    return Verdict(
        tuple(line for line in lines if line.startswith("Error")),
        tuple(line for line in lines if line.startswith("Warning") and not own.search(line)),
    )
