"""The DICOM objects of a cohort by their UIDs: what a PACS or a DICOMweb server is asked for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from prosvet.archive.files import FileStore
from prosvet.search.cohorts.films import FilmRow

__all__ = ["dicom_lines"]

log = logging.getLogger(__name__)

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


def dicom_lines(films: Iterable[FilmRow], files: FileStore) -> tuple[list[str], tuple[str, ...]]:
    """``STUDY/SERIES/SOP`` UIDs of each DICOM film as stored (pseudonymised), separated by tabs.

    Returns
    -------
    lines : list of str
    left_out : tuple of str
        ``STUDY/FILE`` of each film that is no DICOM object, or that is no longer whole.
    """
    lines, left_out = [], []
    for film in films:
        uids = _uids(files.path(film.sha256)) if film.format == "dicom" else None
        if uids is None:
            left_out.append(f"{film.study}/{film.file}")
        else:
            lines.append("\t".join(uids))
    return lines, tuple(left_out)


def _uids(path: Path) -> tuple[str, ...] | None:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(_UIDS))
    except (OSError, InvalidDicomError) as error:
        log.warning("the header of a stored film cannot be read: %s", error)
        return None
    found = tuple(str(header.get(name, "")) for name in _UIDS)
    return found if all(found) else None
