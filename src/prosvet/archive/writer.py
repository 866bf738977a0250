"""A batch of records into the tables, in one transaction with the ledger: all of it, or none.

What is there already stays as it is: an image whose content is known keeps its study, and brings its new report
and labels to that study.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert as upsert

from prosvet.archive.base_scores import base_row
from prosvet.archive.records import Claim, Record
from prosvet.archive.schema import (
    Base,
    Finding,
    Image,
    ImageVector,
    LedgerEntry,
    Patient,
    Report,
    ReportVector,
    Study,
)
from prosvet.archive.schema_site import BaseScores
from prosvet.archive.worklist import call_back, list_studies

__all__ = ["Written", "insert_many", "write_records"]


@dataclass
class Written:
    """What a batch added. ``known`` counts records that brought nothing new."""

    studies: list[str] = field(default_factory=list)
    images: int = 0
    reports: int = 0
    added: int = 0
    known: int = 0


class _Batch:
    """Rows gathered for each table, and what the archive held before."""

    def __init__(self, db: Connection, records: Sequence[Record]) -> None:
        self.db = db
        self.rows: dict[type[Base], list[dict[str, Any]]] = defaultdict(list)
        self.homes = _image_homes(db, records)
        studies = {record.study for record in records} | set(self.homes.values())
        self.studies = _present(db, Study.id, studies)
        texts = select(Report.study_id, Report.sha256).where(Report.study_id.in_(studies))
        self.reports = {(study, name) for study, name in db.execute(texts)}
        claimed = select(Finding.study_id, Finding.concept).where(
            Finding.study_id.in_(studies), Finding.image_id.is_(None), Finding.report_id.is_(None)
        )
        self.claimed = {(study, concept) for study, concept in db.execute(claimed)}
        self.next_image, self.next_report = _next_id(db, "images"), _next_id(db, "reports")


def write_records(db: Connection, records: Sequence[Record], owner: str | None = None) -> Written:
    """Write `records` on a connection that holds the write lock; ``owner`` is whose the new studies are."""
    batch, done = _Batch(db, records), Written()
    touched: dict[str, None] = {}
    filmed: list[str] = []
    for record in records:
        study, fresh = _home(batch, record)
        before = len(batch.rows[Finding]), len(batch.rows[Report]), len(batch.rows[Study])
        if study not in batch.studies:
            _add_study(batch, record)
            done.studies.append(study)
        if fresh:
            _add_image(batch, record, study)
            done.images += 1
            filmed.append(study)
        _add_report(batch, record, study)
        _add_claims(batch, study, [c for c in record.claims if (study, c.concept) not in batch.claimed])
        batch.claimed |= {(study, claim.concept) for claim in record.claims}
        after = len(batch.rows[Finding]), len(batch.rows[Report]), len(batch.rows[Study])
        if fresh or after != before:
            done.added += 1
            touched[study] = None
        else:
            done.known += 1
        batch.rows[LedgerEntry].append(_ledger(record, study))
    done.reports = len(batch.rows[Report])
    _flush(batch)
    _mark_synthetic(db, list(touched))
    list_studies(db, list(touched), owner)
    call_back(db, filmed)  # what was released, or signed, had not been seen with this film
    return done


def _mark_synthetic(db: Connection, studies: Sequence[str]) -> None:
    """A study is synthetic while every film that it has is; one film of a patient makes it the patient's."""
    films = select(Image.id).where(Image.study_id == Study.id)
    made, taken = films.where(Image.synthetic.is_not(None)), films.where(Image.synthetic.is_(None))
    marked = update(Study).where(Study.id.in_(studies), or_(made.exists(), Study.synthetic))
    db.execute(marked.values(synthetic=and_(made.exists(), ~taken.exists())))


def _home(batch: _Batch, record: Record) -> tuple[str, bool]:
    """The study of a record, and whether its image is new."""
    image = record.image
    known = batch.homes.get(record.sha256)
    if known is None and image is not None:
        known = batch.homes.get(image.columns["sha256"])
    if known is not None:
        return known, False
    if image is not None:
        batch.homes[record.sha256] = batch.homes[image.columns["sha256"]] = record.study
    return record.study, image is not None


def _add_study(batch: _Batch, record: Record) -> None:
    batch.studies.add(record.study)
    batch.rows[Patient].append({"id": record.patient, "sex": record.sex, "birth_year": record.birth_year})
    batch.rows[Study].append(
        {"id": record.study, "patient_id": record.patient, "age": record.age, "date": record.date,
         "date_shifted": record.date_shifted, "source": record.source, "split": record.split,
         "description": record.description}
    )  # fmt: skip


def _add_image(batch: _Batch, record: Record, study: str) -> None:
    if record.image is None:
        return
    number, batch.next_image = batch.next_image, batch.next_image + 1
    batch.rows[Image].append({"id": number, "study_id": study, **record.image.columns})
    _add_claims(batch, study, record.image.claims, image=number)
    if record.image.vector is not None:
        model, revision, vector = record.image.vector
        batch.rows[ImageVector].append({"image_id": number, "model": model, "revision": revision, "vector": vector})
    if record.image.base_scores is not None:
        batch.rows[BaseScores].append(base_row(number, record.image.base_scores))


def _add_report(batch: _Batch, record: Record, study: str) -> None:
    report = record.report
    if report is None or (study, report.columns["sha256"]) in batch.reports:
        return
    batch.reports.add((study, report.columns["sha256"]))
    number, batch.next_report = batch.next_report, batch.next_report + 1
    batch.rows[Report].append({"id": number, "study_id": study, **report.columns})
    _add_claims(batch, study, report.claims, report=number)
    if report.vector is not None:
        model, revision, vector = report.vector
        batch.rows[ReportVector].append({"report_id": number, "model": model, "revision": revision, "vector": vector})


def _add_claims(
    batch: _Batch, study: str, claims: Iterable[Claim], *, image: int | None = None, report: int | None = None
) -> None:
    owner = {"study_id": study, "image_id": image, "report_id": report}
    batch.rows[Finding] += [owner | claim.values() for claim in claims]


def _ledger(record: Record, study: str) -> dict[str, Any]:
    return {"key": record.key, "size": record.size, "mtime_ns": record.mtime_ns, "sha256": record.sha256,
            "study_id": study}  # fmt: skip


def _flush(batch: _Batch) -> None:
    db, rows = batch.db, batch.rows
    if rows[Patient]:
        patients = upsert(Patient)
        given = patients.excluded
        db.execute(
            patients.on_conflict_do_update(
                index_elements=["id"],
                set_={"sex": func.coalesce(Patient.sex, given.sex),
                      "birth_year": func.coalesce(Patient.birth_year, given.birth_year)},
            ),
            rows[Patient],
        )  # fmt: skip
    for table in (Study, Image, Report, BaseScores):
        if rows[table]:
            db.execute(insert(table), rows[table])
    for many in (Finding, ImageVector, ReportVector):
        insert_many(db, many, rows[many])
    entries = upsert(LedgerEntry)
    changed = {name: entries.excluded[name] for name in ("size", "mtime_ns", "sha256", "study_id")}
    db.execute(entries.on_conflict_do_update(index_elements=["key"], set_=changed), rows[LedgerEntry])


def insert_many(db: Connection, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of plain types straight through the driver: ten times as fast as through the compiler."""
    if rows:
        names = list(rows[0])
        places = ", ".join(f":{name}" for name in names)
        db.exec_driver_sql(f"INSERT INTO {table.__tablename__} ({', '.join(names)}) VALUES ({places})", list(rows))


def _image_homes(db: Connection, records: Sequence[Record]) -> dict[str, str]:
    """Study by the hash of an image's stored or source bytes, for the images of these records."""
    hashes = {record.sha256 for record in records}
    hashes |= {record.image.columns["sha256"] for record in records if record.image is not None}
    query = select(Image.sha256, Image.source_sha256, Image.study_id).where(
        or_(Image.sha256.in_(hashes), Image.source_sha256.in_(hashes))
    )
    homes: dict[str, str] = {}
    for stored, source, study in db.execute(query):
        homes[stored] = homes[source] = study
    return homes


def _present(db: Connection, column: Any, values: set[str]) -> set[str]:
    return set(db.execute(select(column).where(column.in_(values))).scalars())


def _next_id(db: Connection, table: str) -> int:
    """The id that SQLite would give next; ids of erased rows are never given again."""
    last = db.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table}).scalar()
    return int(last or 0) + 1
