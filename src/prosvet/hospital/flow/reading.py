"""The full pass: the exam's film is read, screened where the line is open, and its results are made as files."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from pydicom.dataset import Dataset
from sqlalchemy import Row, case, select

from prosvet.archive.files import FileStore
from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import Image
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import ImageError, ResultError
from prosvet.core.types import View
from prosvet.hospital.config import HospitalConfig
from prosvet.hospital.flow.finishing import SIGNED_BEFORE, Result
from prosvet.hospital.flow.material import Material, header_of
from prosvet.hospital.flow.queue import Lease
from prosvet.hospital.flow.routes import documents, payload
from prosvet.hospital.flow.signing import verified
from prosvet.hospital.ledger.schema import Received
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.objects import machine_results, make, write
from prosvet.imaging.load import load_bytes
from prosvet.reading.api import read_film
from prosvet.screening.line import line
from prosvet.screening.run_api import ScreenRequest
from prosvet.screening.run_api import run as screen

__all__ = ["Outcome", "work"]

log = logging.getLogger(__name__)

_ReadRow = Row[str, int | None, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the full pass made; ``note`` says why there is nothing."""

    results: tuple[Result, ...]
    note: str | None = None


def work(lease: Lease, config: HospitalConfig, ledger: Ledger, context: Context) -> Outcome:
    """Read, screen, make results. Files are on the disk when this returns, and no row names them yet.

    Raises
    ------
    ArchiveError, ModelError, DiskFull
    """
    query = select(Received.sha256, Received.image, Received.sop_uid)
    query = query.where(Received.study_uid == lease.study_uid, Received.state == "read").order_by(Received.number)
    with ledger.read() as connection:
        rows, signed = connection.execute(query).all(), verified(connection, lease.study_uid)
    if not rows:  # all of it was passed by on receipt
        return Outcome((), "no_film")
    if signed:  # nor is it for screening any more: a doctor reads it
        return Outcome((), SIGNED_BEFORE)
    _screen(lease, context)
    if not config.results.destinations:
        return Outcome((), "no_destination")
    film = _film([row.image for row in rows if row.image is not None], context)
    if film is None:  # erased from the archive meanwhile
        return Outcome((), "erased")
    try:
        material = _read(lease, rows, film, config, ledger, context)
    except ImageError as error:
        return Outcome((), error.code)
    results = [*_objects(material, config, ledger), *_documents(material, config, ledger)]
    return Outcome(tuple(results), None if results else "nothing_to_make")


def _screen(lease: Lease, context: Context) -> None:
    """Let autonomous screening decide, where its line is open; a study that it has decided on is passed over."""
    if lease.study is not None and line(context, context.settings.site).state == "open":
        screen(ScreenRequest(filters=StudyFilter(studies=(lease.study,))), context)


def _film(images: Sequence[int], context: Context) -> Row[int, str, str] | None:
    """The film that the exam is read by: its first frontal one, else its first, as everywhere in the program."""
    frontal = case((Image.view == View.FRONTAL.value, 0), else_=1)
    query = select(Image.id, Image.sha256, Image.file).where(Image.id.in_(images)).order_by(frontal, Image.id).limit(1)
    with context.get(Store).read() as db:
        return db.execute(query).first()


def _read(
    lease: Lease, rows: Sequence[_ReadRow], film: Row[int, str, str], config: HospitalConfig, ledger: Ledger,
    context: Context,
) -> Material:  # fmt: skip
    lang = config.results.lang
    pixels = load_bytes(context.get(FileStore).read(film.sha256), film.file, context.settings)
    reading, examination = read_film(pixels, context, lang)
    sop_uid = next(row.sop_uid for row in rows if row.image == film.id)
    # The chosen film stands first; the others are referred to.
    ordered = sorted(rows, key=lambda row: row.sop_uid != sop_uid)
    parts = [*sorted(row.sha256 for row in rows), str(reading.model), f"round {lease.round}", lang]
    return Material(
        study_uid=lease.study_uid,
        study=lease.study or "",
        headers=tuple(header_of(ledger.files.path(row.sha256)) for row in ordered),
        results=machine_results(reading, examination, lang, film=sop_uid),
        reading=reading,
        made_of=hashlib.sha256("|".join(parts).encode()).hexdigest(),
        # When the last film came: a time that a repeat after a crash has too.
        at=lease.last.replace(tzinfo=UTC, microsecond=0).astimezone(),
    )


def _objects(material: Material, config: HospitalConfig, ledger: Ledger) -> list[Result]:
    """The DICOM results of every kind that can be made, for every destination that takes DICOM."""
    places = [name for name in config.results.destinations if name not in documents()]
    made: list[Result] = []
    for kind in config.results.kinds if places else ():
        try:
            dataset: Dataset = make(
                kind, material.headers, material.results, made_of=material.made_of, at=material.at
            )  # fmt: skip
        except ResultError as error:  # no contours, no text: the other kinds are made all the same
            log.info("no %s: %s", kind, error.details.get("reason"))
            continue
        data = write(dataset)
        name, uid, sop_class = ledger.files.add(data), str(dataset.SOPInstanceUID), str(dataset.SOPClassUID)
        made += [Result(kind, place, material.made_of, name, len(data), uid, sop_class) for place in places]
    return made


def _documents(material: Material, config: HospitalConfig, ledger: Ledger) -> list[Result]:
    """What goes to destinations that take documents of their own kind: FHIR, HL7."""
    made = []
    for place in config.results.destinations:
        if place in documents():
            data = payload(place)(material, config)
            made.append(Result(place, place, material.made_of, ledger.files.add(data), len(data)))
    return made
