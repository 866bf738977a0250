"""What the page, the metrics and the report show: flow by day, share cleared, drift by cause, delay."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from prosvet.archive.schema_monitor import MonitorCheck, Observation
from prosvet.archive.schema_screen import ScreenDecision
from prosvet.core.clock import day_begins, local, now
from prosvet.core.types import Frozen, Moment
from prosvet.monitoring.checks import CheckView
from prosvet.monitoring.variables import CAUSES, WATCHED

__all__ = ["DayFlow", "Drift", "Totals", "drift_by_cause", "flow", "totals"]

_SITE = "localtime"  # SQLite's word for the zone of prosvet.core.clock


class DayFlow(Frozen):
    """One day: studies that came, how many screening decided on and released, how many did not pass a gate."""

    day: str
    studies: int
    decided: int
    released: int
    not_passed: int
    hours_to_signature: float | None


class Drift(Frozen):
    """A check's largest effect of each cause, over the smallest that may raise an alarm: from 1 on it counts."""

    at: Moment
    causes: dict[str, float]


class Totals(Frozen):
    """Counters since the beginning, without a study's or a patient's name."""

    observed: int
    decided: int
    released: int
    checks: int
    last_check: Moment | None
    waiting: int
    gates: dict[str, int]


def flow(db: Connection, site: str, days: int = 30, until: datetime | None = None) -> tuple[DayFlow, ...]:
    """The last `days` days of the site's clock, those without a study too."""
    end = until or now("second")
    first = local(end).date() - timedelta(days=days - 1)
    day = func.date(Observation.at, _SITE)
    gate = func.json_extract(Observation.facts, "$.gate")
    hours = func.avg(func.json_extract(Observation.facts, "$.hours_to_signature"))
    seen = select(day, func.count(), func.sum(gate != "passed"), hours).where(
        Observation.site == site, Observation.at >= day_begins(first), Observation.at <= end
    )
    rows = {row[0]: row for row in db.execute(seen.group_by(day))}
    at = func.date(ScreenDecision.at, _SITE)
    decided = select(at, func.count(), func.sum(ScreenDecision.outcome == "normal")).where(ScreenDecision.site == site)
    screened = {row[0]: row for row in db.execute(decided.group_by(at))}
    made = []
    for number in range(days):
        name = (first + timedelta(days=number)).isoformat()
        row, line = rows.get(name), screened.get(name)
        made.append(
            DayFlow(
                day=name,
                studies=row[1] if row else 0,
                not_passed=int(row[2] or 0) if row else 0,
                hours_to_signature=round(row[3], 2) if row and row[3] is not None else None,
                decided=line[1] if line else 0,
                released=int(line[2] or 0) if line else 0,
            )
        )
    return tuple(made)


def drift_by_cause(checks: tuple[CheckView, ...]) -> tuple[Drift, ...]:
    """For each check the strongest sign of each cause."""
    made = []
    for check in checks:
        worst = dict.fromkeys(CAUSES, 0.0)
        for one in check.outcomes:
            cause = WATCHED[one.variable][1]
            # A large effect that chance explains is no sign: small windows are full of them.
            if one.q <= check.spent or one.ratio < 1:
                worst[cause] = max(worst[cause], one.ratio)
        made.append(Drift(at=check.at, causes={cause: round(value, 3) for cause, value in worst.items()}))
    return tuple(made)


def totals(db: Connection, site: str) -> Totals:
    """The counters of a site."""
    decided = select(func.count(), func.sum(ScreenDecision.outcome == "normal")).where(ScreenDecision.site == site)
    many, released = db.execute(decided).one()
    checks = select(func.count(), func.max(MonitorCheck.at), func.max(MonitorCheck.last)).where(
        MonitorCheck.site == site
    )
    number, last, seen = db.execute(checks).one()
    gate = func.json_extract(Observation.facts, "$.gate")
    gates = db.execute(select(gate, func.count()).where(Observation.site == site).group_by(gate)).all()
    later = select(func.count()).where(Observation.site == site, Observation.number > (seen or 0))
    return Totals(
        observed=sum(count for _, count in gates), decided=many, released=int(released or 0), checks=number,
        last_check=last, waiting=db.execute(later).scalar_one(), gates={name or "unknown": n for name, n in gates},
    )  # fmt: skip
