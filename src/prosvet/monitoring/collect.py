"""Taking note of every study that has not been observed: one row each, made once, in the order of arrival."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select

from prosvet.archive.catch_up import thresholds
from prosvet.archive.files import FileStore
from prosvet.archive.schema import Image, ImageVector, Patient, Study
from prosvet.archive.schema_monitor import Observation
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.archive.worklist import ensure_listed
from prosvet.core.context import Context
from prosvet.core.errors import ArchiveError, ImageError, NotFound
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examiner
from prosvet.monitoring.observe import film_facts, gate_of, prediction_facts

__all__ = ["collect"]

log = logging.getLogger(__name__)

_BATCH = 100  # studies of a transaction: a stop loses no more


def collect(context: Context) -> int:
    """Observe every study with a film that is not yet in the stream; returns how many there were.

    A study's film is its first. One whose file can no longer be read is observed without its picture: that is what the
    archive knows of it, and the missing values are watched.
    """
    store = context.get(Store)
    ensure_listed(store)
    waiting = _waiting(store)
    examiner = context.get(Examiner) if waiting else None
    limit = thresholds(examiner).get("abnormal") if examiner else None
    model = (examiner.ref.name, examiner.ref.revision) if examiner else ("", "")
    for start in range(0, len(waiting), _BATCH):
        batch = waiting[start : start + _BATCH]
        vectors = _vectors(store, [row.image for row in batch], model)
        tracked = context.progress.track(batch, "monitor", total=len(batch))
        rows = [_row(row, _facts(row, limit, context), vectors, context.settings.site) for row in tracked]
        with store.note() as db:
            # Another process may have been quicker: a study is observed once.
            db.execute(insert(Observation).prefix_with("OR IGNORE"), rows)
    return len(waiting)


def _waiting(store: Store) -> Sequence[Row[Any]]:
    """A row for each study with a film and without an observation, those that arrived first before the others."""
    first = select(func.min(Image.id).label("id")).group_by(Image.study_id).subquery()
    query = (
        select(
            Study.id.label("study"), Study.age, Patient.sex, WorkItem.arrived, Image.id.label("image"), Image.sha256,
            Image.file, Image.view, Image.gates, Image.scores, Image.state,
        )
        .join(Patient, Patient.id == Study.patient_id)
        .join(WorkItem, WorkItem.study_id == Study.id)
        .join(Image, Image.study_id == Study.id)
        .join(first, first.c.id == Image.id)
        .where(Study.id.not_in(select(Observation.study_id)), ~Study.synthetic)
        .order_by(WorkItem.arrived, Image.id)
    )  # fmt: skip
    with store.read() as db:
        return db.execute(query).all()


def _vectors(store: Store, images: Sequence[int], model: tuple[str, str]) -> Mapping[int, bytes]:
    query = select(ImageVector.image_id, ImageVector.vector).where(
        ImageVector.image_id.in_(images), ImageVector.model == model[0], ImageVector.revision == model[1]
    )
    with store.read() as db:
        return {image: vector for image, vector in db.execute(query)}


def _facts(row: Row[Any], limit: float | None, context: Context) -> dict[str, Any]:
    facts: dict[str, Any] = {"age": row.age, "sex": row.sex, "view": row.view, "gate": gate_of(row.gates)}
    facts |= prediction_facts(row.scores, limit)
    try:
        data = context.get(FileStore).read(row.sha256)
        facts |= film_facts(load_bytes(data, row.file, context.settings))
    except (NotFound, ArchiveError, ImageError) as error:
        log.warning("study %s is observed without its picture: %s", row.study, error.code)
    return {name: value for name, value in facts.items() if value is not None}


def _row(row: Row[Any], facts: dict[str, Any], vectors: Mapping[int, bytes], site: str) -> dict[str, Any]:
    arrived: datetime = row.arrived
    return {"study_id": row.study, "site": site, "at": arrived, "facts": facts, "vector": vectors.get(row.image)}
