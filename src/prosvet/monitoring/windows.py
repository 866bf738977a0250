"""The stream of a site as samples: the studies after a given one, or the last so many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from prosvet.archive.schema_monitor import Observation
from prosvet.monitoring.sample import Sample

__all__ = ["counted", "newest", "sample_of", "unpacked"]


def unpacked(vector: bytes | None) -> NDArray[np.float32] | None:
    """A vector as it is stored, in numbers."""
    return None if vector is None else np.frombuffer(vector, dtype="<f2").astype(np.float32)


def sample_of(rows: Iterable[Any]) -> Sample:
    """Rows with ``study_id``, ``at``, ``facts`` and ``vector`` as columns."""
    found = list(rows)
    moments: list[datetime] = [row.at for row in found]
    return Sample.of(
        [row.study_id for row in found], moments, [row.facts for row in found], [unpacked(row.vector) for row in found]
    )


def newest(db: Connection, site: str, *, after: int = 0, most: int) -> list[Any]:
    """The last observations of `site` whose numbers are above `after`, at most `most`, in the order of arrival."""
    query = (
        select(Observation.__table__)
        .where(Observation.site == site, Observation.number > after)
        .order_by(Observation.number.desc())
        .limit(most)
    )
    return list(db.execute(query))[::-1]


def counted(db: Connection, site: str, *, after: int) -> tuple[int, int]:
    """How many observations follow `after`, and the number of the last."""
    query = select(func.count(), func.max(Observation.number)).where(
        Observation.site == site, Observation.number > after
    )
    count, last = db.execute(query).one()
    return int(count), int(last or after)
