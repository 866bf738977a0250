"""The tables of the ledger. Times are UTC without a zone.

An object is received once, an exam (a study of the hospital) is worked on by one worker at a time, and a result goes
to each destination exactly once: its row is unique, and so are the UIDs in it, which follow from what it was made of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = [
    "EXAM_STATES",
    "HEAD",
    "OBJECT_STATES",
    "OUTGOING_STATES",
    "Asked",
    "Base",
    "Catalogued",
    "Exam",
    "Outgoing",
    "Received",
    "SignedOff",
]

HEAD = "0002"

EXAM_STATES = ("arriving", "ready", "working", "done", "failed")
"""Objects still come; all are there; a worker has it; its results are in the outbox; it was given up."""
OBJECT_STATES = ("kept", "read", "passed_by")
"""As it came; taken into the archive as a film; not a chest X-ray or not an image: kept and not read."""
OUTGOING_STATES = ("waiting", "sent", "confirmed", "dead")
"""To be sent (again); accepted by the peer; found there by query or storage commitment; given up, for a person."""


class Base(DeclarativeBase):
    """Base of the ledger's tables."""

    type_annotation_map = {dict[str, Any]: JSON}  # noqa: RUF012 - as the library wants it


class Exam(Base):
    """A study of the hospital.

    Attributes
    ----------
    study_uid : str
        StudyInstanceUID.
    patient : str
        Hash of issuer and patient's number: for erasure by patient, not for showing.
    study : str or None
        Its pseudonym in the archive, once it is there.
    priority : int
        0 (routine) to 3 (critical); the higher is worked on first, then the earlier deadline.
    round : int
        Grows when objects come after the exam was worked on: its results are then made anew.
    worker, leased : str, datetime or None
        Who works on it, and until when nobody else may.
    """

    __tablename__ = "exams"
    __table_args__ = (Index("ix_exams_queue", "state", "priority", "deadline"),)
    study_uid: Mapped[str] = mapped_column(primary_key=True)
    patient: Mapped[str] = mapped_column(index=True)
    study: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(index=True)
    priority: Mapped[int]
    first: Mapped[datetime]
    last: Mapped[datetime] = mapped_column(index=True)
    deadline: Mapped[datetime]
    finished: Mapped[datetime | None]
    objects: Mapped[int]
    round: Mapped[int]
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    leased: Mapped[datetime | None]
    error: Mapped[dict[str, Any] | None]


class Received(Base):
    """An object as it came. ``sha256`` names its file; ``number`` is its place in the order of arrival.

    ``sha256`` is of the whole file (preamble, meta header, data set), ``bytes`` its length. ``image`` is the film's id
    in the archive; ``reason`` says why an object was passed by.
    """

    __tablename__ = "received"
    __table_args__ = (Index("ix_received_study", "study_uid", "number"), {"sqlite_autoincrement": True})
    number: Mapped[int] = mapped_column(primary_key=True)
    sop_uid: Mapped[str] = mapped_column(unique=True)
    study_uid: Mapped[str] = mapped_column(ForeignKey("exams.study_uid", ondelete="CASCADE"))
    series_uid: Mapped[str]
    sop_class: Mapped[str]
    transfer_syntax: Mapped[str]
    modality: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    bytes: Mapped[int]
    sender: Mapped[str]
    at: Mapped[datetime]
    state: Mapped[str]
    reason: Mapped[str | None]
    image: Mapped[int | None]


class Outgoing(Base):
    """A result on its way to one destination.

    Attributes
    ----------
    kind : str
        sr, text_sr, seg, sc, pdf, fhir, hl7.
    made_of : str
        Hash of what it was made of: films, model and revision, round; with study, kind and destination it is unique.
    sha256, bytes
        Its file among the objects.
    sop_uid : str or None
        SOPInstanceUID of a DICOM result.
    """

    __tablename__ = "outgoing"
    __table_args__ = (
        UniqueConstraint("study_uid", "kind", "destination", "made_of"),
        Index("ix_outgoing_queue", "state", "priority", "next_at"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_uid: Mapped[str] = mapped_column(ForeignKey("exams.study_uid", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    destination: Mapped[str]
    made_of: Mapped[str]
    sop_uid: Mapped[str | None] = mapped_column(index=True)
    sop_class: Mapped[str | None]
    sha256: Mapped[str]
    bytes: Mapped[int]
    priority: Mapped[int]
    state: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[datetime]
    created: Mapped[datetime]
    sent: Mapped[datetime | None]
    error: Mapped[dict[str, Any] | None]


class Asked(Base):
    """That a peer was asked to answer for a result (storage commitment). An answer may come hours later.

    ``transaction_uid`` names the request, and so the report that answers it; one request asks for several results.
    """

    __tablename__ = "asked"
    transaction_uid: Mapped[str] = mapped_column(primary_key=True)
    result: Mapped[int] = mapped_column(ForeignKey("outgoing.id", ondelete="CASCADE"), primary_key=True, index=True)
    at: Mapped[datetime]


class Catalogued(Base):
    """What other systems look for a study by. Identity, and kept only while some peer may query us.

    Values as the first object of the study has them, empty where it has none; ``name_key`` is the name for comparing.
    """

    __tablename__ = "catalogue"
    study_uid: Mapped[str] = mapped_column(ForeignKey("exams.study_uid", ondelete="CASCADE"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(index=True)
    issuer: Mapped[str]
    patient_name: Mapped[str]
    name_key: Mapped[str] = mapped_column(index=True)
    birth_date: Mapped[str]
    sex: Mapped[str]
    study_date: Mapped[str] = mapped_column(index=True)
    study_time: Mapped[str]
    accession: Mapped[str] = mapped_column(index=True)
    study_id: Mapped[str]
    description: Mapped[str]
    referring: Mapped[str]


class SignedOff(Base):
    """A signed protocol whose results stand in the outbox: each signature is brought there once.

    ``digest`` is the hash of the signed version in the archive; ``note`` says why there are no results of it.
    """

    __tablename__ = "signed_off"
    study_uid: Mapped[str] = mapped_column(ForeignKey("exams.study_uid", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    at: Mapped[datetime]
    results: Mapped[int]
    note: Mapped[str | None]
