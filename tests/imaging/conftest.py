"""Small real files, made here: a DICOM writer and grey ramps whose every value is known."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ComputedRadiographyImageStorage, ExplicitVRLittleEndian, generate_uid

from prosvet.core.settings import Settings, load_settings

MakeDicom = Callable[..., bytes]


@pytest.fixture
def settings() -> Settings:
    return load_settings({})


@pytest.fixture(scope="session")
def ramp() -> NDArray[np.uint16]:
    """(96, 80), 12 bits, every row and column different."""
    y, x = np.mgrid[0:96, 0:80]
    return (x * 40 + y * 8).astype(np.uint16)


def build(pixels: NDArray[Any], syntax: UID = ExplicitVRLittleEndian, **elements: Any) -> Dataset:
    """A CR image of `pixels` (H, W) or (H, W, 3); elements given as ``None`` are left out."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["a film"])
    made.Modality = "CR"
    made.Rows, made.Columns = pixels.shape[:2]
    made.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    made.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        made.PlanarConfiguration = 0
    made.BitsAllocated = 8 * pixels.dtype.itemsize
    made.BitsStored = elements.pop("BitsStored", made.BitsAllocated)
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    made.PixelData = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    for name, value in elements.items():
        if value is None:
            del made[name]
        else:
            setattr(made, name, value)
    if syntax.is_compressed and syntax.is_encapsulated:
        made.compress(syntax, generate_instance_uid=False)
    elif not syntax.is_little_endian:
        made.PixelData = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    made.file_meta.TransferSyntaxUID = syntax
    return made


@pytest.fixture(scope="session")
def make_dicom() -> MakeDicom:
    """Bytes of a DICOM file: ``make_dicom(pixels, syntax, Keyword=value, ...)``."""

    def write(pixels: NDArray[Any], syntax: UID = ExplicitVRLittleEndian, **elements: Any) -> bytes:
        stream = io.BytesIO()
        build(pixels, syntax, **elements).save_as(stream, enforce_file_format=True)
        return stream.getvalue()

    return write


@pytest.fixture(scope="session")
def make_encapsulated() -> MakeDicom:
    """A DICOM file around a frame that is compressed already."""

    def write(frame: bytes, syntax: UID, rows: int, columns: int, **elements: Any) -> bytes:
        from pydicom.encaps import encapsulate

        made = build(np.zeros((rows, columns), dtype=np.uint16), **elements)
        made.PixelData = encapsulate([frame])
        made["PixelData"].is_undefined_length = True
        made["PixelData"].VR = "OB"
        made.file_meta.TransferSyntaxUID = syntax
        stream = io.BytesIO()
        made.save_as(stream, enforce_file_format=True)
        return stream.getvalue()

    return write
