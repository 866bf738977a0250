"""What flowed through the line in a while: released, referred, abstained by reason; and the misses of a calibration."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from prosvet.archive.owned import visible
from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_screen import ScreenDecision, ScreenKnown
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.types import Frozen
from prosvet.screening.calibrations import Calibration

__all__ = ["Flow", "KnownMiss", "calibration_misses", "flow"]


class Flow(Frozen):
    """Counts of studies by outcome; ``abstained`` by reason, the most frequent first."""

    released: int
    referred: int
    abstained: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return self.released + self.referred + sum(self.abstained.values())


class KnownMiss(Frozen):
    """An abnormal study of a calibration's set that lies below its threshold."""

    study: str
    image: int | None
    score: float
    critical: bool | None


def flow(context: Context, site: str, since: datetime) -> Flow:
    """What was decided at `site` since a time (UTC, without a zone)."""
    table = ScreenDecision
    query = (
        select(table.outcome, table.reason, func.count().label("n"))
        .where(table.site == site, table.at >= since)
        .group_by(table.outcome, table.reason)
        .order_by(func.count().desc(), table.reason)
    )
    with context.get(Store).read() as db:
        rows = db.execute(query).all()
    counts = {row.outcome: row.n for row in rows if row.reason is None}
    abstained = {str(row.reason): row.n for row in rows if row.reason is not None}
    return Flow(released=counts.get("normal", 0), referred=counts.get("refer", 0), abstained=abstained)


def calibration_misses(context: Context, calibration: Calibration) -> tuple[KnownMiss, ...]:
    """Those that the archive still holds and the context's actor may see, the lowest score first."""
    table = ScreenKnown
    film = select(func.min(Image.id)).where(Image.study_id == Study.id).correlate(Study).scalar_subquery()
    query = (
        select(table.study_id, table.score, table.critical, film.label("image"))
        .join(Study, Study.id == table.study_id)
        .where(table.calibration_id == calibration.id, table.abnormal, table.score < calibration.threshold)
        .where(visible(context.actor))
        .order_by(table.score, table.study_id)
    )
    with context.get(Store).read() as db:
        return tuple(
            KnownMiss(study=row.study_id, image=row.image, score=row.score, critical=row.critical)
            for row in db.execute(query)
        )
