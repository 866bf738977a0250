"""What is kept here of a study: objects as they came, and the results that were made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from sqlalchemy import func, select

from prosvet.hospital.ledger.schema import Outgoing, Received
from prosvet.hospital.ledger.store import Ledger

__all__ = ["MODALITIES", "Held", "header", "holdings"]

MODALITIES = {"sr": "SR", "text_sr": "SR", "seg": "SEG", "sc": "OT", "pdf": "DOC"}
"""Modality of each kind of result; a test holds it against ``prosvet.hospital.objects``."""


@dataclass(frozen=True, slots=True)
class Held:
    """One object. ``series_uid`` is None for a result: it stands in its file, and each is a series of its own."""

    study_uid: str
    series_uid: str | None
    sop_uid: str
    sop_class: str
    modality: str
    path: Path


def holdings(ledger: Ledger, studies: Sequence[str]) -> list[Held]:
    """The objects of `studies`, as they came and then as they were made. A result that came back is there once."""
    columns = Received.study_uid, Received.series_uid, Received.sop_uid, Received.sop_class, Received.modality
    came = select(*columns, Received.sha256).where(Received.study_uid.in_(studies)).order_by(Received.number)
    made = (
        select(Outgoing.study_uid, Outgoing.sop_uid, Outgoing.sop_class, Outgoing.kind, Outgoing.sha256)
        .where(Outgoing.study_uid.in_(studies), Outgoing.sop_uid.is_not(None), Outgoing.bytes > 0)
        .group_by(Outgoing.sop_uid)  # one row for each destination
        .order_by(func.min(Outgoing.id))
    )
    with ledger.read() as db:
        received, results = db.execute(came).all(), db.execute(made).all()
    path = ledger.files.path
    held = [
        Held(row.study_uid, row.series_uid, row.sop_uid, row.sop_class, row.modality, path(row.sha256))
        for row in received
    ]
    known = {one.sop_uid for one in held}
    return held + [
        Held(
            row.study_uid, None, str(row.sop_uid), str(row.sop_class), MODALITIES.get(row.kind, "OT"), path(row.sha256)
        )
        for row in results
        if row.sop_uid not in known
    ]


def header(held: Held, keywords: Sequence[str]) -> Dataset:
    """Some elements of an object; none of them where its file is gone or cannot be read."""
    wanted = [*keywords, "SeriesInstanceUID"]
    try:
        return pydicom.dcmread(held.path, specific_tags=wanted, stop_before_pixels=True, force=True)
    except (OSError, InvalidDicomError, EOFError, ValueError, TypeError, KeyError, AttributeError):
        return Dataset()
