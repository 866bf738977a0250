"""Decisions as they are kept. A release is written in the same transaction as the look at the line, or not at all."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select

from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_screen import ScreenAudit, ScreenDecision, ScreenLine
from prosvet.archive.store import Store
from prosvet.archive.worklist import send_away
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import LineStopped
from prosvet.screening.archived import ArchivedStudy
from prosvet.screening.calibrations import Calibration
from prosvet.screening.decide import TRANSIENT, Decision, Seen
from prosvet.screening.line import ensure_open

__all__ = ["drawn", "record", "settled"]

_WHOLE = 2**64


def settled(db: Connection, calibration: int | None) -> set[str]:
    """Studies that need no decision: released at any time, or decided on by this calibration for a reason of theirs.

    A study to which a film was added since is not among them.
    """
    return set(db.execute(_settled(calibration)).scalars())


def _settled(calibration: int | None) -> Select[str]:
    table = ScreenDecision
    ours = and_(table.calibration_id == calibration, or_(table.reason.is_(None), table.reason.not_in(TRANSIENT)))
    films = select(func.count()).where(Image.study_id == table.study_id).scalar_subquery()
    return select(table.study_id).where(or_(table.outcome == "normal", ours), table.films == films)


def record(
    context: Context, site: str, archived: ArchivedStudy, calibration: Calibration | None, decision: Decision,
    films: Sequence[Seen], model: str,
) -> Decision | None:  # fmt: skip
    """Keep the decision, and give it as it was kept; None where the study was erased or released meanwhile.

    A release on a line that is no longer open, or has another calibration by now, becomes an abstention.
    """
    study = archived.id
    with context.get(Store).note() as db:
        if not _wanted(db, study, calibration):
            return None
        if decision.outcome == "normal":
            decision = _checked(db, site, calibration, decision)
        row = _row(site, archived, calibration, decision, films, model) | {"by": context.actor.name}
        _forget(db, study)
        done = db.execute(insert(ScreenDecision).values(row).returning(ScreenDecision.id)).scalar_one()
        if decision.outcome != "abstain" and _taken(db, site, study):
            db.execute(insert(ScreenAudit).values(decision_id=done, study_id=study, drawn=row["at"], comment=""))
        elif decision.outcome == "normal":  # the audited stay where they are: the list must not tell what was decided
            send_away(db, study)
        _log(context, site, study, calibration, decision, model)
    return decision


def _wanted(db: Connection, study: str, calibration: Calibration | None) -> bool:
    there = db.execute(select(Study.id).where(Study.id == study)).first()
    done = _settled(calibration.id if calibration else None).where(ScreenDecision.study_id == study)
    return there is not None and db.execute(done).first() is None


def _checked(db: Connection, site: str, calibration: Calibration | None, decision: Decision) -> Decision:
    try:
        ensure_open(db, site, calibration.id if calibration else -1)
    except LineStopped:
        return replace(decision, outcome="abstain", reason="line_stopped")
    return decision


def _forget(db: Connection, study: str) -> None:
    """What was not decided for reasons of ours makes room for the next word on the study."""
    table = ScreenDecision
    db.execute(delete(table).where(table.study_id == study, table.reason.in_(TRANSIENT)))


def _row(
    site: str, study: ArchivedStudy, calibration: Calibration | None, decision: Decision, films: Sequence[Seen],
    model: str,
) -> dict[str, Any]:  # fmt: skip
    gates = [film.gates.model_dump(mode="json") if film.gates else None for film in films]
    anatomy = [film.anatomy for film in films]
    limit = calibration.distance_limit if calibration else None
    proof = {"gates": gates, "anatomy": anatomy, "distance_limit": limit, "detail": decision.detail,
             "unsure": decision.unsure}  # fmt: skip
    return {
        "site": site, "study_id": study.id, "calibration_id": calibration.id if calibration else None,
        "at": now("millisecond"), "outcome": decision.outcome, "reason": decision.reason, "score": decision.score,
        "threshold": calibration.threshold if calibration else None, "distance": decision.distance, "model": model,
        "films": len(study.films), "proof": proof,
    }  # fmt: skip


def drawn(secret: str, study: str, share: float) -> bool:
    """Whether the blind audit takes `study`: a keyed hash decides, the same at every run, and no reader can foresee it.

    Examples
    --------
    >>> sum(drawn("ab", f"S{i}", 0.1) for i in range(1000))
    112
    """
    found = hmac.new(bytes.fromhex(secret), study.encode(), sha256).digest()
    return int.from_bytes(found[:8], "big") < share * _WHOLE


def _taken(db: Connection, site: str, study: str) -> bool:
    row = db.execute(select(ScreenLine.secret, ScreenLine.audit_share).where(ScreenLine.site == site)).first()
    waits = db.execute(select(ScreenAudit.study_id).where(ScreenAudit.study_id == study)).first()
    return row is not None and waits is None and drawn(row.secret, study, row.audit_share)


def _log(
    context: Context, site: str, study: str, calibration: Calibration | None, decision: Decision, model: str
) -> None:
    facts: dict[str, Any] = {"study": study, "site": site, "model": model}
    if calibration is not None:
        facts |= {"calibration": calibration.id, "threshold": calibration.threshold}
    said = {"reason": decision.reason, "score": decision.score, "distance": decision.distance,
            "unsure": decision.unsure}  # fmt: skip
    facts |= {name: value for name, value in said.items() if value is not None}
    AuditLog.from_context(context).write(f"screen_{decision.outcome}", **facts)
