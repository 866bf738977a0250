"""Reference windows: frozen once, with their rows, their vectors, their rules and a hash over all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select

from prosvet.archive.schema_monitor import MonitorReference, Observation, ReferenceRow
from prosvet.archive.store import Store
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import MonitoringError, NotFound
from prosvet.core.types import Frozen, Moment
from prosvet.models.examine import Examiner
from prosvet.monitoring.rules import Rules
from prosvet.monitoring.sample import Sample
from prosvet.monitoring.windows import newest, sample_of

__all__ = ["LEAST", "ReferenceView", "freeze", "present", "sample_in", "view_of"]

LEAST = 200
"""Studies of the smallest reference: below it a rare category is not told from a new one."""


class ReferenceView(Frozen):
    """A reference. ``erased`` of its ``studies`` have been erased since; ``sha256`` covers all of them."""

    id: int
    name: str
    created: Moment
    by: str
    model: str
    studies: int
    erased: int
    sha256: str
    rules: Rules
    variables: dict[str, dict[str, float]]


def freeze(name: str, studies: int, rules: Rules, seed: int, context: Context) -> ReferenceView:
    """Freeze the last `studies` observations as the reference `name`; from now on it is the one that holds.

    Raises
    ------
    MonitoringError
        With fewer than ``LEAST`` studies, or when the name is taken.
    """
    site, store = context.settings.site, context.get(Store)
    with store.note() as db:
        rows = newest(db, site, most=studies)
        if len(rows) < LEAST:
            raise MonitoringError(reason="too_few", n=len(rows), least=LEAST)
        taken = select(MonitorReference.id).where(MonitorReference.site == site, MonitorReference.name == name)
        if db.execute(taken).first() is not None:
            raise MonitoringError(reason="name_taken", name=name)
        values = {
            "site": site, "name": name, "created": now("second"), "created_by": context.actor.name,
            "model": _model(context), "studies": len(rows), "last": rows[-1].number, "sha256": _digest(rows),
            "rules": rules.model_dump(mode="json"),
            "statistics": _statistics(sample_of(rows)), "seed": seed,
        }  # fmt: skip
        made = db.execute(insert(MonitorReference).values(values)).inserted_primary_key
        number = int(made[0]) if made else 0
        db.execute(
            insert(ReferenceRow),
            [
                {
                    "reference_id": number,
                    "study_id": row.study_id,
                    "place": place,
                    "facts": row.facts,
                    "vector": row.vector,
                }
                for place, row in enumerate(rows)
            ],
        )
        AuditLog.from_context(context).write(
            "monitor_reference", name=name, studies=len(rows), sha256=str(values["sha256"])
        )
        return view_of(db, _row(db, site, number))


def present(db: Connection, site: str) -> Any | None:
    """The row of the reference that holds: the last one frozen. None where there is none."""
    query = select(MonitorReference.__table__).where(MonitorReference.site == site)
    return db.execute(query.order_by(MonitorReference.id.desc()).limit(1)).first()


def _row(db: Connection, site: str, number: int) -> Any:
    table = MonitorReference.__table__
    found = db.execute(select(table).where(table.c.site == site, table.c.id == number)).first()
    if found is None:
        raise NotFound(kind="reference", name=str(number))
    return found


def sample_in(db: Connection, reference: Any, context: Context) -> Sample:
    """What is left of a reference, as a sample.

    Raises
    ------
    MonitoringError
        When another model is in use: its scores and vectors cannot be compared. When too much was erased.
    """
    if reference.model != _model(context):
        raise MonitoringError(reason="model_changed", was=reference.model, now=_model(context))
    rows = select(ReferenceRow.study_id, ReferenceRow.facts, ReferenceRow.vector, Observation.at)
    rows = rows.join(Observation, Observation.study_id == ReferenceRow.study_id)
    found = db.execute(rows.where(ReferenceRow.reference_id == reference.id).order_by(ReferenceRow.place)).all()
    if len(found) < LEAST // 2:
        raise MonitoringError(reason="too_few", n=len(found), least=LEAST // 2)
    return sample_of(found)


def view_of(db: Connection, reference: Any) -> ReferenceView:
    """A reference as it is shown."""
    left = len(db.execute(select(ReferenceRow.place).where(ReferenceRow.reference_id == reference.id)).all())
    return ReferenceView(
        id=reference.id, name=reference.name, created=reference.created, by=reference.created_by, model=reference.model,
        studies=reference.studies, erased=reference.studies - left, sha256=reference.sha256,
        rules=Rules.model_validate(reference.rules), variables=reference.statistics,
    )  # fmt: skip


def _model(context: Context) -> str:
    ref = context.get(Examiner).ref
    return f"{ref.name}@{ref.revision}"


def _digest(rows: Sequence[Any]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps([row.study_id, row.facts], sort_keys=True, ensure_ascii=False).encode())
        digest.update(row.vector or b"")
    return digest.hexdigest()


def _statistics(sample: Sample) -> dict[str, dict[str, float]]:
    """For people: quartiles of numbers, the commonest categories' shares."""
    made: dict[str, dict[str, float]] = {}
    for name, column in sample.numbers.items():
        values = column[~np.isnan(column)]
        low, middle, high = (round(float(one), 5) for one in np.percentile(values, [25, 50, 75]))
        made[name] = {"low": low, "median": middle, "high": high, "missing": round(1 - len(values) / len(column), 4)}
    for name, words in sample.categories.items():
        found, counts = np.unique([str(word) for word in words if word is not None], return_counts=True)
        order = np.argsort(-counts)[:8]
        made[name] = {str(found[i]): round(float(counts[i]) / len(words), 4) for i in order}
    return made
