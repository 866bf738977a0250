"""A study's own objects: as the hospital sent them where they are kept, else the archive's, without the person.

An object made from the second belongs to a study of pseudonyms: the archive's identifiers are not the hospital's.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import pydicom
from pydicom.dataset import Dataset
from sqlalchemy import select

from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ResultError
from prosvet.hospital.ledger.schema import Exam, Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["StoredSources", "stored_sources"]


_METHOD = "Prosvet: PS3.15 Basic Profile, dates shifted"


@dataclass(frozen=True)
class StoredSources:
    """Headers of a study's objects.

    Attributes
    ----------
    film : str
        SOPInstanceUID of the film that is read.
    identified : bool
        They are the hospital's own, with patient and numbers; False: the archive's, with pseudonyms.
    """

    headers: tuple[Dataset, ...]
    film: str
    identified: bool


def stored_sources(study: str, image: int | None, context: Context) -> StoredSources:
    """The objects of `study`, and which of them is the archive's image number `image`.

    Raises
    ------
    ResultError
        When its films did not come as DICOM.
    NotFound, ArchiveError
        When a stored file is gone or damaged.
    """
    found = _received(study, image, context) or _archived(study, image, context)
    if found is None:
        raise ResultError(reason="no_dicom")
    return found


def _received(study: str, image: int | None, context: Context) -> StoredSources | None:
    """What the node received, where there is a node: a ledger is not made by asking for it."""
    if not (context.settings.home / "hospital" / "ledger.db").exists():
        return None
    ledger = context.get(Ledger)
    query = (
        select(Received.sha256, Received.image)
        .join(Exam, Exam.study_uid == Received.study_uid)
        .where(Exam.study == study, Received.state == "read")
        .order_by(Received.number)
    )
    with ledger.read() as db:
        rows = db.execute(query).all()
    return _chosen([(row.sha256, row.image) for row in rows], image, ledger.files, identified=True)


def _archived(study: str, image: int | None, context: Context) -> StoredSources | None:
    query = select(Image.sha256, Image.id).where(Image.study_id == study, Image.format == "dicom").order_by(Image.id)
    with context.get(Store).read() as db:
        rows = db.execute(query).all()
    found = _chosen([(row.sha256, row.id) for row in rows], image, context.get(FileStore), identified=False)
    for header in found.headers if found else ():
        header.PatientIdentityRemoved, header.DeidentificationMethod = "YES", _METHOD
    return found


def _chosen(
    rows: list[tuple[str, int | None]], image: int | None, files: FileStore, *, identified: bool
) -> StoredSources | None:
    if not rows or (image is not None and image not in {number for _, number in rows}):
        return None
    headers = [_header(files.read(name)) for name, _ in rows]
    film = next(header for header, (_, number) in zip(headers, rows, strict=True) if image in (None, number))
    return StoredSources(tuple(headers), str(film.get("SOPInstanceUID", "")), identified)


def _header(data: bytes) -> Dataset:
    return pydicom.dcmread(io.BytesIO(data), stop_before_pixels=True, force=True)
