"""The first look at the input: what it says of people, and whose each file is."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from prosvet.archive.deidentify import patient_key
from prosvet.hospital.deidentify.items import Entry, form_of
from prosvet.hospital.deidentify.known import Known, known_of
from prosvet.hospital.deidentify.options import Options

__all__ = ["Survey", "header_of", "survey"]

_BROKEN = (InvalidDicomError, EOFError, ValueError, KeyError, AttributeError, TypeError, NotImplementedError, OSError)
_HEAD = 4096


@dataclass
class Survey:
    """What the input says.

    Attributes
    ----------
    known : dict
        By path, of DICOM objects.
    patients : dict
        Folder to the patients whose objects lie in it.
    """

    known: dict[str, Known] = field(default_factory=dict)
    patients: dict[str, set[str]] = field(default_factory=dict)

    def everyone(self) -> Known:
        """What any header says."""
        return Known.union(Known(one.names, one.values, one.days) for one in self.known.values())

    def patient_beside(self, path: str) -> str | None:
        """The patient whose objects alone lie in the folder of `path`."""
        found = self.patients.get(str(PurePosixPath(path).parent), set())
        return next(iter(found)) if len(found) == 1 else None


def header_of(data: bytes, *, pixels: bool = False) -> Dataset | None:
    """The data set of a DICOM file; None for one that cannot be read."""
    try:
        header = pydicom.dcmread(io.BytesIO(data), force=True, stop_before_pixels=not pixels)
        list(header.iterall())  # values are parsed on use: a broken one shows here
    except _BROKEN:
        return None
    return header if "SOPClassUID" in header and hasattr(header.file_meta, "TransferSyntaxUID") else None


def survey(entries: Iterable[Entry], options: Options) -> Survey:
    """Read every header once."""
    found = Survey()
    for entry in entries:
        if entry.file is None:
            continue
        data = entry.file.read()
        if form_of(entry.path, data[:_HEAD]) != "dicom":
            continue
        header = header_of(data)
        if header is not None:
            found.known[entry.path] = known_of(header, options)
            found.patients.setdefault(str(PurePosixPath(entry.path).parent), set()).add(patient_key(header))
    return found
