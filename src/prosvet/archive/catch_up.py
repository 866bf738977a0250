"""Films and reports get what they miss: those kept without encoding, and films that another model has examined."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select, update

from prosvet.archive.base_scores import base_row
from prosvet.archive.describe import examined, half
from prosvet.archive.files import FileStore
from prosvet.archive.records import ImageRecord
from prosvet.archive.schema import Finding, Image, ImageVector, Report, ReportVector
from prosvet.archive.schema_site import BaseScores
from prosvet.archive.store import Store
from prosvet.archive.texts import REVISION, ReportVectors
from prosvet.archive.worklist import list_studies
from prosvet.archive.writer import insert_many
from prosvet.core.settings import Settings
from prosvet.core.types import View
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examiner

__all__ = ["encode_films", "encode_reports", "thresholds", "waiting_films"]

_FILMS, _REPORTS = 16, 512  # of a transaction


def thresholds(examiner: Examiner) -> dict[str, float]:
    """By concept, the probability at the examiner's operating point."""
    points = examiner.card.operating_points[examiner.ref.operating_point]
    return {concept: point.threshold for concept, point in points.items()}


def waiting_films(store: Store) -> list[int]:
    """Ids of the films that no model has examined."""
    with store.read() as db:
        return list(db.execute(select(Image.id).where(Image.state == "stored").order_by(Image.id)).scalars())


def encode_films(store: Store, files: FileStore, examiner: Examiner, settings: Settings, ids: list[int]) -> None:
    """Examine the stored films `ids`, anew where a model has done so before; what models said of them goes.

    One that turns out to be no chest X-ray is marked so, and has no scores.
    """
    limits = thresholds(examiner)
    for start in range(0, len(ids), _FILMS):
        with store.read() as db:
            query = select(Image.id, Image.study_id, Image.sha256, Image.file, Image.view)
            rows = db.execute(query.where(Image.id.in_(ids[start : start + _FILMS])).order_by(Image.id)).all()
        films = [load_bytes(files.read(row.sha256), row.file, settings) for row in rows]
        answers = examiner.examine_many(films)
        with store.write() as db:
            _forget(db, [row.id for row in rows])
            for row, answer in zip(rows, answers, strict=True):
                view = None if row.view == View.UNKNOWN.value else View(row.view)
                _update(db, row.id, row.study_id, examined(ImageRecord({}), answer, view, limits))
            list_studies(db, list({row.study_id for row in rows}))


def _forget(db: Connection, images: list[int]) -> None:
    by_models = Finding.origin.startswith("model:")
    db.execute(delete(Finding).where(Finding.image_id.in_(images), by_models))
    for table in (ImageVector, BaseScores):
        db.execute(delete(table).where(table.image_id.in_(images)))


def _update(db: Connection, image: int, study: str, record: ImageRecord) -> None:
    columns: Mapping[str, object] = record.columns
    db.execute(update(Image).where(Image.id == image).values(**columns))
    owner = {"study_id": study, "image_id": image, "report_id": None}
    insert_many(db, Finding, [owner | claim.values() for claim in record.claims])
    if record.vector is not None:
        model, revision, vector = record.vector
        insert_many(db, ImageVector, [{"image_id": image, "model": model, "revision": revision, "vector": vector}])
    if record.base_scores is not None:
        db.execute(insert(BaseScores), base_row(image, record.base_scores))


def encode_reports(store: Store, texts: ReportVectors) -> int:
    """Encode the reports that have no vector of this encoder; how many there were."""
    known = select(ReportVector.report_id).where(ReportVector.model == texts.name, ReportVector.revision == REVISION)
    query = select(Report.id, Report.findings, Report.impression).where(Report.id.not_in(known)).order_by(Report.id)
    done, last = 0, 0
    while True:
        with store.read() as db:
            rows = db.execute(query.where(Report.id > last).limit(_REPORTS)).all()
        if not rows:
            return done
        last = rows[-1].id
        vectors = texts.encode([f"{row.findings}\n{row.impression}" for row in rows])
        with store.write() as db:
            made = [
                {"report_id": row.id, "model": texts.name, "revision": REVISION, "vector": half(vector)}
                for row, vector in zip(rows, vectors, strict=True)
                if vector is not None
            ]
            insert_many(db, ReportVector, made)
        done += len(made)
