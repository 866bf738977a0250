"""Calibrations of a site as they are kept: versions that are never changed, and the films that each of them knows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, func, insert, select

from prosvet.archive.schema_screen import ScreenCalibration, ScreenKnown
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import NotFound
from prosvet.core.types import Frozen, Moment
from prosvet.screening.confidence.rule import Rule
from prosvet.screening.known import unpacked
from prosvet.screening.policy import Policy

__all__ = ["Calibration", "calibration", "keep", "known_vectors", "versions"]


class Calibration(Frozen):
    """A version: what decides, and ``report``, the whole result of the calibration."""

    id: int
    site: str
    version: int
    created: Moment
    by: str
    model: str
    data_sha256: str
    max_missed: float
    confidence: float
    threshold: float
    distance_limit: float | None
    policy: Policy
    report: dict[str, Any]

    @cached_property
    def rule(self) -> Rule | None:
        """By which the line abstains because it is unsure: fitted with this version, and frozen with it."""
        kept = (self.report.get("unsure") or {}).get("rule")
        return Rule.model_validate(kept) if kept else None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From its row."""
        return cls(
            id=row.id, site=row.site, version=row.version, created=row.created, by=row.created_by, model=row.model,
            data_sha256=row.data_sha256, max_missed=row.max_missed, confidence=row.confidence,
            threshold=row.threshold, distance_limit=row.distance_limit, policy=Policy.model_validate(row.policy),
            report=row.report,
        )  # fmt: skip


def _all() -> Select[Any]:
    return select(ScreenCalibration.__table__)


def versions(context: Context, site: str) -> tuple[Calibration, ...]:
    """All calibrations of `site`, the newest first."""
    query = _all().where(ScreenCalibration.site == site).order_by(ScreenCalibration.version.desc())
    with context.get(Store).read() as db:
        return tuple(Calibration.of(row) for row in db.execute(query))


def calibration(context: Context, number: int) -> Calibration:
    """The calibration of the id `number`.

    Raises
    ------
    NotFound
    """
    with context.get(Store).read() as db:
        row = db.execute(_all().where(ScreenCalibration.id == number)).first()
    if row is None:
        raise NotFound(kind="calibration", name=str(number))
    return Calibration.of(row)


def keep(db: Connection, values: dict[str, Any], known: Sequence[dict[str, Any]]) -> tuple[int, int]:
    """Store a calibration and its known studies; gives its id and its version."""
    site = values["site"]
    last = db.execute(select(func.max(ScreenCalibration.version)).where(ScreenCalibration.site == site)).scalar()
    version = (last or 0) + 1
    row = db.execute(insert(ScreenCalibration).values(values | {"version": version}).returning(ScreenCalibration.id))
    number = row.scalar_one()
    if known:
        db.execute(insert(ScreenKnown), [one | {"calibration_id": number} for one in known])
    return number, version


def known_vectors(context: Context, number: int) -> NDArray[np.float32]:
    """The unit vectors (N, 512) of the films that the calibration knows; those of erased studies are gone."""
    table = ScreenKnown
    query = select(table.vector).where(table.calibration_id == number, table.vector.is_not(None))
    with context.get(Store).read() as db:
        rows = [row.vector for row in db.execute(query.order_by(table.study_id)) if row.vector is not None]
    return unpacked(rows) if rows else np.zeros((0, 512), dtype=np.float32)
