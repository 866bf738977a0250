"""Invented patients in DICOM objects, and the engines that read letters."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
Letters = Callable[[str], np.ndarray]


def film(**values: object) -> Dataset:
    """A small CR object of an invented patient; values by keyword replace its own."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SpecificCharacterSet = "ISO_IR 144"
    made.SOPClassUID, made.SOPInstanceUID = ComputedRadiographyImageStorage, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = generate_uid(), generate_uid()
    made.PatientName, made.PatientID = "Вахромеева^Зинаида^Львовна", "HK-4821377"
    made.PatientBirthDate, made.PatientSex, made.PatientAge = "19320417", "F", "092Y"
    made.StudyDate, made.StudyTime, made.ContentDate, made.ContentTime = "20240511", "143105", "20240511", "143110"
    made.AccessionNumber, made.StudyID = "ACC99812", "77120"
    made.ReferringPhysicianName, made.InstitutionName = "Дербилов^Лука", "ГКБ Заозёрная"
    made.Modality, made.BodyPartExamined, made.ViewPosition = "CR", "CHEST", "PA"
    made.StudyDescription = "Рентгенография ОГК Вахромеева"
    made.Manufacturer, made.InstanceNumber, made.SeriesNumber = "Acme", 1, 1
    made.Rows = made.Columns = 64
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
    pixels = np.random.default_rng(3).integers(0, 4096, (64, 64), dtype=np.uint16)
    made.PixelData = pixels.tobytes()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def with_pixels(made: Dataset, pixels: np.ndarray) -> Dataset:
    """The object with other grey pixels."""
    made.Rows, made.Columns = pixels.shape
    made.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    made.BitsAllocated = 8 * pixels.dtype.itemsize
    if pixels.dtype.itemsize == 1:
        made.BitsStored, made.HighBit = 8, 7
    return made


def saved(made: Dataset, path: Path) -> Path:
    """Written as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    pydicom.dcmwrite(path, made, enforce_file_format=True)
    return path


def as_bytes(made: Dataset) -> bytes:
    """The file's bytes."""
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, made, enforce_file_format=True)
    return stream.getvalue()


def smooth(side: int = 640) -> np.ndarray:
    """A ground like a chest: bright middle, dark fields, no edge; 12 bits."""
    down, across = np.mgrid[0:side, 0:side] / side
    shown = 1500 + 900 * np.cos(across * 6.28) + 500 * np.cos(down * 3.1)
    return shown.clip(0, 3500).astype(np.uint16)


def lettered(
    ground: np.ndarray, text: str, at: tuple[int, int] = (40, 40), size: int = 30, level: int = 4095
) -> np.ndarray:
    """`text` burned into a copy of `ground`."""
    canvas = Image.new("L", ground.shape[::-1], 0)
    ImageDraw.Draw(canvas).text(at, text, fill=255, font=ImageFont.truetype(str(FONT), size))
    share = np.asarray(canvas).astype(float) / 255
    return np.round(ground * (1 - share) + level * share).astype(ground.dtype)


@pytest.fixture
def engines() -> None:
    """Both engines, and a font to draw with."""
    if shutil.which("tesseract") is None or find_spec("rapidocr_onnxruntime") is None or not FONT.is_file():
        pytest.skip("the engines of text recognition are not installed")
