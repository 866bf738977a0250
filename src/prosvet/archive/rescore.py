"""Films of the archive scored again from what is kept of them, with no network run: an adapter came, went or changed.

A row of scores, its vector's revision and the model's claims change together, film by film, so that what is there is
at every moment the word of one model. The model's own scores stay beside adapted ones, so that nothing is lost on
the way back. Films of another model or base revision cannot be scored so: :func:`elsewhere` names them, for the
networks to run again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from prosvet.archive.base_scores import base_row, in_space
from prosvet.archive.priority import set_priorities
from prosvet.archive.schema import Finding, Image, ImageVector
from prosvet.archive.schema_site import BaseScores
from prosvet.archive.store import Store
from prosvet.archive.writer import insert_many
from prosvet.core.progress import Progress
from prosvet.core.types import Status
from prosvet.models.adapter import base_revision
from prosvet.models.deployed import InForce

__all__ = ["elsewhere", "rescore", "waiting"]

_PART = 1000  # films of a transaction


def rescore(store: Store, found: InForce, point: str, progress: Progress) -> int:
    """Give every film of the model's space the scores and claims of the model that is in force; how many there were.

    It may be stopped at any moment and begun again: films that are done are passed over.

    Parameters
    ----------
    point : str
        The operating point by which claims are made.
    """
    ids = waiting(store, found)
    limits = {label: one.threshold for label, one in found.card.operating_points[point].items()}
    parts = [ids[start : start + _PART] for start in range(0, len(ids), _PART)]
    done = 0
    for part in progress.track(parts, "rescore", total=len(parts)):
        with store.write() as db:
            done += _again(db, part, found, limits)
    return done


def waiting(store: Store, found: InForce) -> list[int]:
    """Films of the model's space whose scores are those of another adapter, or of none."""
    table, revision = ImageVector, found.card.revision
    query = select(table.image_id).where(
        table.model == found.card.name, in_space(table.revision, base_revision(revision)), table.revision != revision
    )
    with store.read() as db:
        return list(db.execute(query.order_by(table.image_id)).scalars())


def elsewhere(store: Store, found: InForce) -> list[int]:
    """Films that only another model, or another base revision, has scored."""
    table = ImageVector
    mine = select(table.image_id).where(
        table.model == found.card.name, in_space(table.revision, base_revision(found.card.revision))
    )
    query = select(table.image_id).distinct().where(table.image_id.not_in(mine)).order_by(table.image_id)
    with store.read() as db:
        return list(db.execute(query).scalars())


def _again(db: Connection, ids: Sequence[int], found: InForce, limits: Mapping[str, float]) -> int:
    name, revision = found.card.name, found.card.revision
    base = base_revision(revision)
    query = (
        select(Image.id, Image.study_id, Image.scores, ImageVector.vector, ImageVector.revision,
               BaseScores.scores.label("own"))
        .join(ImageVector, ImageVector.image_id == Image.id)
        .outerjoin(BaseScores, BaseScores.image_id == Image.id)
        .where(Image.id.in_(ids), ImageVector.model == name, in_space(ImageVector.revision, base),
               ImageVector.revision != revision)
    )  # fmt: skip
    rows = [(row, dict(row.scores if row.revision == base else row.own or {})) for row in db.execute(query)]
    rows = [(row, own) for row, own in rows if set(own) >= set(found.card.labels)]
    if not rows:
        return 0
    made = _scores(found, [own for _, own in rows], [row.vector for row, _ in rows])
    films = [row.id for row, _ in rows]
    db.execute(
        update(Image).where(Image.id == bindparam("film")).values(scores=bindparam("made")),
        [{"film": film, "made": scores} for film, scores in zip(films, made, strict=True)],
    )
    db.execute(
        update(ImageVector)
        .where(ImageVector.image_id.in_(films), ImageVector.model == name, in_space(ImageVector.revision, base))
        .values(revision=revision)
    )
    db.execute(delete(BaseScores).where(BaseScores.image_id.in_(films)))
    if found.adapter is not None:
        db.execute(insert(BaseScores), [base_row(row.id, (name, base, own)) for row, own in rows])
    _claims(db, [(row.id, row.study_id) for row, _ in rows], made, found, limits)
    set_priorities(db, sorted({row.study_id for row, _ in rows}))
    return len(rows)


def _scores(found: InForce, own: list[dict[str, float]], vectors: list[bytes]) -> list[dict[str, float]]:
    if found.adapter is None:
        return own
    labels = found.card.labels
    table = np.array([[one[label] for label in labels] for one in own], dtype=np.float64)
    matrix = np.frombuffer(b"".join(vectors), dtype="<f2").reshape(len(own), -1)
    return [dict(zip(labels, map(float, row), strict=True)) for row in found.adapter.weights(table, matrix)]


def _claims(
    db: Connection, films: list[tuple[int, str]], scores: list[dict[str, float]], found: InForce,
    limits: Mapping[str, float],
) -> None:  # fmt: skip
    """The model's claims on these films, anew; claims of people and of other models stay."""
    start = f"model:{found.card.name}@{base_revision(found.card.revision)}"
    images = [image for image, _ in films]
    mine = (Finding.origin == start) | Finding.origin.startswith(f"{start}+", autoescape=True)
    db.execute(delete(Finding).where(Finding.image_id.in_(images), mine))
    origin = f"model:{found.card.name}@{found.card.revision}"
    rows: list[dict[str, Any]] = [
        {"study_id": study, "image_id": image, "report_id": None, "concept": label, "status": Status.PRESENT.value,
         "probability": score, "side": None, "zone": None, "severity": None, "origin": origin}
        for (image, study), one in zip(films, scores, strict=True)
        for label, score in one.items()
        if label in limits and score >= limits[label]
    ]  # fmt: skip
    insert_many(db, Finding, rows)
