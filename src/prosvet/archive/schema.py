"""The tables of the archive. The database is the truth; files, vectors and indexes hang on it.

A patient owns studies, a study owns images, reports and findings, an image or a report owns vectors; every
such link cascades, so that erasing the owner erases what was derived from it. A finding that hangs on neither
an image nor a report belongs to the study as a whole (a table's label without its image).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

__all__ = [
    "HEAD",
    "Base",
    "Doomed",
    "Finding",
    "Image",
    "ImageVector",
    "LedgerEntry",
    "Meta",
    "Patient",
    "Report",
    "ReportVector",
    "Study",
]

HEAD = "0008"
"""The migration that these tables correspond to; a test holds the two together."""


class Base(DeclarativeBase):
    """Root of the tables; JSON columns hold plain dictionaries and lists."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON, float: Float}  # noqa: RUF012 - read by SQLAlchemy


class Meta(Base):
    """Counters: ``version`` grows with every committed write, ``erasures`` with every erasure."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int]


class Patient(Base):
    """A pseudonym. ``sex`` is F, M or O; None is unknown."""

    __tablename__ = "patients"
    id: Mapped[str] = mapped_column(primary_key=True)
    sex: Mapped[str | None]
    birth_year: Mapped[int | None]


class Study(Base):
    """One examination. ``age`` in years at its time; ``date`` is shifted where the source was de-identified.

    ``synthetic``: every film of it was made and not taken.
    """

    __tablename__ = "studies"
    __table_args__ = (Index("ix_studies_synthetic", "id", sqlite_where=text("synthetic")),)
    id: Mapped[str] = mapped_column(primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.id", ondelete="CASCADE"), index=True)
    age: Mapped[float | None] = mapped_column(index=True)
    date: Mapped[date | None] = mapped_column(index=True)
    date_shifted: Mapped[bool]
    source: Mapped[str] = mapped_column(index=True)
    split: Mapped[str | None]
    description: Mapped[str]
    synthetic: Mapped[bool] = mapped_column(default=False, server_default=text("0"))


class Image(Base):
    """One stored film. ``sha256`` names the stored bytes, ``source_sha256`` the file they came from.

    ``synthetic`` is how it was known to be made and not taken: header, text or watermark; None for a film of a patient.
    """

    __tablename__ = "images"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - ids are never used again: stale indexes stay harmless
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    source_sha256: Mapped[str] = mapped_column(unique=True)
    file: Mapped[str]
    format: Mapped[str]
    view: Mapped[str] = mapped_column(index=True)
    rows: Mapped[int]
    cols: Mapped[int]
    row_spacing: Mapped[float | None]
    col_spacing: Mapped[float | None]
    is_chest_xray: Mapped[bool | None]
    gates: Mapped[dict[str, Any]]
    scores: Mapped[dict[str, Any]]
    state: Mapped[str]
    synthetic: Mapped[str | None]


class Report(Base):
    """One report, as text; ``labels`` keeps the source's own codes (MeSH, ...) as they were."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("study_id", "sha256"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"))
    sha256: Mapped[str]
    file: Mapped[str]
    language: Mapped[str]
    indication: Mapped[str]
    findings: Mapped[str]
    impression: Mapped[str]
    labels: Mapped[list[str]]


class Finding(Base):
    """What is claimed of a concept, and by whom: ``origin`` is manifest, report or model:NAME@REVISION."""

    __tablename__ = "findings"
    __table_args__ = (
        CheckConstraint("image_id IS NULL OR report_id IS NULL", name="one_owner"),
        Index("ix_findings_concept", "concept", "status", "study_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)
    image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), index=True)
    concept: Mapped[str]
    status: Mapped[str]
    probability: Mapped[float | None]
    side: Mapped[str | None]
    zone: Mapped[str | None]
    severity: Mapped[str | None]
    origin: Mapped[str]


class ImageVector(Base):
    """A unit vector of an image, float16 little-endian."""

    __tablename__ = "image_vectors"
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class ReportVector(Base):
    """A unit vector of a report's text, float16 little-endian."""

    __tablename__ = "report_vectors"
    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[str] = mapped_column(primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerEntry(Base):
    """A source item that has been taken in: its keyed name, size, time and hash make the next run quick.

    The key is a keyed hash of the item's path, since folders are often named after patients.
    """

    __tablename__ = "ledger"
    key: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int]
    mtime_ns: Mapped[int]
    sha256: Mapped[str]
    study_id: Mapped[str] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), index=True)


class Doomed(Base):
    """A stored file (or the folder of indexes) that an erasure dooms, until it is gone: it outlives a crash."""

    __tablename__ = "doomed"
    name: Mapped[str] = mapped_column(primary_key=True)
