"""The capability screen.audit: what a doctor who reads blind found among the released studies."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import Connection, func, or_, select, update

from prosvet.archive.owned import visible
from prosvet.archive.schema import Image, Study
from prosvet.archive.schema_screen import ScreenAudit, ScreenCalibration, ScreenDecision, ScreenEvent
from prosvet.archive.store import Store
from prosvet.archive.visible import ensure_visible
from prosvet.archive.worklist import send_away
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, NotFound, ScreeningError
from prosvet.core.types import Frozen, Moment
from prosvet.screening.estimate import Estimate, estimate
from prosvet.screening.line import Line, read, stop_in

__all__ = ["AuditRequest", "AuditResult", "Miss", "Verdict", "Waiting", "run"]

Verdict = Literal["normal", "abnormal", "critical"]
_LIMIT, _CONFIDENCE = 0.01, 0.95  # of a line that has no calibration: there is nothing to estimate yet


class AuditRequest(Frozen):
    """Show the estimate, begin to read the next study (or one that is named) blind, or give a verdict on one."""

    action: Literal["show", "begin", "judge"] = "show"
    study: str | None = Field(default=None, max_length=200, description="Study that was read.")
    verdict: Verdict | None = Field(default=None, description="normal, abnormal or critical, from the film alone.")
    comment: str = Field(default="", max_length=2000)
    reader: str = Field(default="", max_length=60, description="Who read it, where nobody signs in.")
    limit: int = Field(default=50, ge=1, le=1000, description="At most so many waiting studies and misses.")


class Waiting(Frozen):
    """A study to be read blind; what the program decided is not told."""

    study: str
    image: int | None
    drawn: Moment


class Miss(Frozen):
    """A released study in which the audit found something."""

    study: str
    image: int | None
    verdict: Verdict
    comment: str
    reader: str
    judged: Moment
    released: Moment
    score: float
    threshold: float
    calibration: int | None


class AuditResult(Frozen):
    """The estimate since the line was last opened, what waits, and every miss of all time, the newest first.

    ``mine`` is the study that whoever asks has begun: until the verdict, nothing that was found in it is shown to them.
    """

    line: Line
    estimate: Estimate
    since: Moment | None
    waiting: int
    queue: tuple[Waiting, ...]
    mine: str | None
    misses: tuple[Miss, ...]


def run(request: AuditRequest, context: Context) -> AuditResult:
    """Show, or keep a verdict; a verdict that breaches the promise stops the line in the same transaction.

    Raises
    ------
    Forbidden
        For whoever is no reader.
    InvalidRequest
        When a verdict lacks its study.
    NotFound
        When the study does not wait for an audit, or is somebody else's.
    ScreeningError
        When it was judged already.
    """
    if not context.actor.may("reader"):
        raise Forbidden(role="reader")
    if request.action == "begin":
        _begin(request, context)
    elif request.action == "judge":
        _judge(request, context)
    with context.get(Store).read() as db:
        return _shown(db, request, context)


def _begin(request: AuditRequest, context: Context) -> None:
    name = context.actor.name
    with context.get(Store).note() as db:
        if _mine(db, context) is not None:
            return
        waits = _waiting(context).where(ScreenAudit.reader.is_(None))
        if request.study is not None:
            waits = waits.where(ScreenAudit.study_id == request.study)
        row = db.execute(waits.order_by(ScreenAudit.study_id).limit(1)).first()
        if row is None and request.study is not None:
            raise NotFound(kind="study", name=request.study)
        if row is not None:
            db.execute(update(ScreenAudit).where(ScreenAudit.study_id == row.study_id).values(reader=name))
            AuditLog.from_context(context).write("screen_audit_begin", study=row.study_id, person=name)


def _mine(db: Connection, context: Context) -> str | None:
    begun = _waiting(context).where(ScreenAudit.reader == context.actor.name)
    row = db.execute(begun.order_by(ScreenAudit.study_id).limit(1)).first()
    return None if row is None else str(row.study_id)


def _waiting(context: Context) -> Any:
    """Studies of the site without a verdict that whoever asks may see and nobody else has begun."""
    return (
        select(ScreenAudit.study_id, ScreenAudit.drawn, _film().label("image"))
        .join(Study, Study.id == ScreenAudit.study_id)
        .join(ScreenDecision, ScreenDecision.id == ScreenAudit.decision_id)
        .where(
            ScreenAudit.verdict.is_(None), ScreenDecision.site == context.settings.site, visible(context.actor),
            or_(ScreenAudit.reader.is_(None), ScreenAudit.reader == context.actor.name),
        )
    )  # fmt: skip


def _judge(request: AuditRequest, context: Context) -> None:
    study, verdict = request.study, request.verdict
    if study is None or verdict is None:
        raise InvalidRequest(name="study" if study is None else "verdict", reason="field_missing")
    ensure_visible(context.get(Store), study, context.actor)
    reader = context.actor.name if context.actor.name != "local" else request.reader.strip() or "local"
    with context.get(Store).note() as db:
        row = db.execute(select(ScreenAudit.verdict).where(ScreenAudit.study_id == study)).first()
        if row is None:
            raise NotFound(kind="study", name=study)
        if row.verdict is not None:
            raise ScreeningError(reason="judged_already", study=study)
        values = {"verdict": verdict, "comment": request.comment, "reader": reader, "judged": now("millisecond")}
        db.execute(update(ScreenAudit).where(ScreenAudit.study_id == study).values(values))
        AuditLog.from_context(context).write("screen_audit", study=study, verdict=verdict, person=reader)
        outcome = select(ScreenDecision.outcome).join(ScreenAudit, ScreenAudit.decision_id == ScreenDecision.id)
        released = db.execute(outcome.where(ScreenAudit.study_id == study)).scalar() == "normal"
        if released and verdict == "normal":
            send_away(db, study)
        _stop_on_breach(db, study, context)


def _stop_on_breach(db: Connection, study: str, context: Context) -> None:
    decision = select(ScreenDecision.site, ScreenDecision.outcome).join(
        ScreenAudit, ScreenAudit.decision_id == ScreenDecision.id
    )
    row = db.execute(decision.where(ScreenAudit.study_id == study)).one()
    found, _ = _estimate(db, row.site)
    if row.outcome == "normal" and found.breach is not None and read(db, row.site).state == "open":
        stop_in(db, context, row.site, found.breach, "audit")


def _estimate(db: Connection, site: str) -> tuple[Estimate, datetime | None]:
    """Since the line was last opened: whoever opened it answered for what was before."""
    opened = select(func.max(ScreenEvent.at)).where(ScreenEvent.site == site, ScreenEvent.event == "open")
    since = db.execute(opened).scalar()
    counts = (
        select(ScreenAudit.verdict, func.count().label("n"))
        .join(ScreenDecision, ScreenDecision.id == ScreenAudit.decision_id)
        .where(ScreenDecision.site == site, ScreenDecision.outcome == "normal", ScreenAudit.verdict.is_not(None))
        .group_by(ScreenAudit.verdict)
    )
    if since is not None:
        counts = counts.where(ScreenDecision.at >= since)
    found = {row.verdict: row.n for row in db.execute(counts)}
    limit, confidence = _promise(db, read(db, site).calibration)
    critical = found.get("critical", 0)
    missed = found.get("abnormal", 0) + critical
    return estimate(sum(found.values()), missed, critical, limit, confidence), since


def _promise(db: Connection, calibration: int | None) -> tuple[float, float]:
    table = ScreenCalibration
    row = db.execute(select(table.report, table.confidence).where(table.id == calibration)).first()
    return (_LIMIT, _CONFIDENCE) if row is None else (float(row.report["audit_limit"]), row.confidence)


def _shown(db: Connection, request: AuditRequest, context: Context) -> AuditResult:
    site = context.settings.site
    found, since = _estimate(db, site)
    waits = _waiting(context)
    total = db.execute(select(func.count()).select_from(waits.subquery())).scalar_one()
    # By the study's id, not by the time: the order must not tell what was decided together.
    queue = db.execute(waits.order_by(ScreenAudit.study_id).limit(request.limit))
    return AuditResult(
        line=read(db, site), estimate=found, since=since, waiting=total,
        queue=tuple(Waiting(study=row.study_id, image=row.image, drawn=row.drawn) for row in queue),
        mine=_mine(db, context),
        misses=tuple(_miss(row) for row in db.execute(_misses(site, request.limit, context))),
    )  # fmt: skip


def _misses(site: str, limit: int, context: Context) -> Any:
    audit, decision = ScreenAudit, ScreenDecision
    return (
        select(audit.study_id, audit.verdict, audit.comment, audit.reader, audit.judged, decision.at, decision.score,
               decision.threshold, decision.calibration_id, _film().label("image"))
        .join(decision, decision.id == audit.decision_id)
        .join(Study, Study.id == audit.study_id)
        .where(decision.site == site, decision.outcome == "normal", audit.verdict.in_(("abnormal", "critical")),
               visible(context.actor))
        .order_by(audit.judged.desc(), audit.study_id)
        .limit(limit)
    )  # fmt: skip


def _film() -> Any:
    return select(func.min(Image.id)).where(Image.study_id == Study.id).correlate(Study).scalar_subquery()


def _miss(row: Any) -> Miss:
    return Miss(
        study=row.study_id, image=row.image, verdict=row.verdict, comment=row.comment, reader=row.reader,
        judged=row.judged, released=row.at, score=row.score, threshold=row.threshold, calibration=row.calibration_id,
    )  # fmt: skip
