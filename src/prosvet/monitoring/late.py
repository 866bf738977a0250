"""Facts that come after the film: what screening decided, when the protocol was signed, whether it agrees."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update

from prosvet.archive.schema import Finding
from prosvet.archive.schema_monitor import Observation
from prosvet.archive.schema_screen import ScreenDecision
from prosvet.archive.schema_work import Protocol
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.types import Status

__all__ = ["add_late_facts"]

_NOT_ABNORMAL = ("normal", "abnormal", "support_devices")
_PART = 500


def add_late_facts(context: Context) -> int:
    """Complete the observations of this site whose studies have since been decided, reported or signed.

    Returns how many changed.
    """
    store, site = context.get(Store), context.settings.site
    changed = {**_decided(store, site)}
    for number, facts in (_signed(store, site) | _reported(store, site)).items():
        changed[number] = changed.get(number, {}) | facts
    numbers = sorted(changed)
    for start in range(0, len(numbers), _PART):
        part = numbers[start : start + _PART]
        with store.note() as db:
            rows = db.execute(select(Observation.number, Observation.facts).where(Observation.number.in_(part))).all()
            for number, facts in rows:
                db.execute(
                    update(Observation).where(Observation.number == number).values(facts=facts | changed[number])
                )
    return len(numbers)


def _lacking(name: str, site: str) -> tuple[Any, ...]:
    return (Observation.site == site, func.json_extract(Observation.facts, f"$.{name}").is_(None))


def _decided(store: Store, site: str) -> dict[int, dict[str, Any]]:
    """The last decision of each study: released, or left to a doctor."""
    query = (
        select(Observation.number, ScreenDecision.outcome)
        .join(ScreenDecision, ScreenDecision.study_id == Observation.study_id)
        .where(*_lacking("cleared", site), ScreenDecision.site == site)
        .order_by(ScreenDecision.id)
    )
    with store.read() as db:
        return {
            number: {"cleared": "released" if outcome == "normal" else "kept"} for number, outcome in db.execute(query)
        }


def _signed(store: Store, site: str) -> dict[int, dict[str, Any]]:
    """Hours from arrival to the first signature."""
    query = (
        select(Observation.number, Observation.at, func.min(Protocol.signed).label("signed"))
        .join(Protocol, Protocol.study_id == Observation.study_id)
        .where(*_lacking("hours_to_signature", site), Protocol.state == "signed")
        .group_by(Observation.number)
    )
    with store.read() as db:
        hours = {row.number: (row.signed - row.at).total_seconds() / 3600 for row in db.execute(query)}
    return {number: {"hours_to_signature": round(max(value, 0.0), 3)} for number, value in hours.items()}


def _reported(store: Store, site: str) -> dict[int, dict[str, Any]]:
    """Agreement with reports: signed protocols are filed among them, beside those that came from elsewhere."""
    said = (
        select(
            Finding.study_id,
            func.max((Finding.status == Status.PRESENT.value) & Finding.concept.not_in(_NOT_ABNORMAL)).label(
                "abnormal"
            ),
        )
        .where(Finding.origin == "report")
        .group_by(Finding.study_id)
        .subquery()
    )
    query = (
        select(Observation.number, Observation.facts, said.c.abnormal)
        .join(said, said.c.study_id == Observation.study_id)
        .where(*_lacking("agreement", site))
    )
    with store.read() as db:
        return {number: made for number, facts, bad in db.execute(query) if (made := _agreement(facts, bool(bad)))}


def _agreement(facts: dict[str, Any], abnormal: bool) -> dict[str, Any]:
    flagged = facts.get("flagged")
    if flagged is None:
        return {}
    if (flagged == "above") == abnormal:
        return {"agreement": "agree"}
    return {"agreement": "doctor_only" if abnormal else "model_only"}
