"""All that a result is made of, for whoever makes one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

from prosvet.hospital.objects.results import Results
from prosvet.reading.api import Reading

__all__ = ["Material", "header_of"]


@dataclass(frozen=True)
class Material:
    """An exam that has been read, or whose protocol was signed.

    Attributes
    ----------
    study_uid, study : str
        StudyInstanceUID, and the archive's pseudonym.
    headers : tuple of Dataset
        Its films as they came, without pixels, with the patient; the one that was read stands first.
    reading : Reading or None
        The program's; None for a signed protocol.
    made_of : str
        Hash of the films, the model and its revision, the round and the language.
    at : datetime
        When the last film came, with its zone.
    """

    study_uid: str
    study: str
    headers: tuple[Dataset, ...]
    results: Results
    reading: Reading | None
    made_of: str
    at: datetime


def header_of(path: Path) -> Dataset:
    """The data set of a received object without its pixels."""
    return pydicom.dcmread(path, stop_before_pixels=True, force=True)
