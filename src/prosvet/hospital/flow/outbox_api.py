"""The capability `outbox`: what comes in, what is worked on, what waits to go out; and a person's hand on it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from sqlalchemy import delete, select, update

from prosvet.core.actor import Role
from prosvet.core.audit import AuditLog
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import Forbidden, InvalidRequest, NotFound
from prosvet.core.types import Frozen
from prosvet.hospital.flow.facts import FlowFacts, facts_of
from prosvet.hospital.flow.view import ExamView, ResultView, exams, handle_of, results
from prosvet.hospital.ledger.schema import Exam, Outgoing
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.facts import NodeFacts
from prosvet.hospital.node.facts import facts as node_facts

__all__ = ["STANDING", "OutboxRequest", "OutboxResult", "ResultState", "run"]

ResultState = Literal["waiting", "sent", "confirmed", "dead"]
STANDING: tuple[ResultState, ...] = ("waiting", "dead")
"""Results that have not arrived."""


class OutboxRequest(Frozen):
    """What to show, or what to do with which results or exams.

    ``resend`` sends dead letters again at once (and anything else that is named, but what waits); ``drop`` takes
    results that wait or are dead out of the outbox for good; ``again`` has exams read anew that were given up.
    """

    action: Literal["list", "resend", "drop", "again"] = "list"
    results: tuple[int, ...] = Field(default=(), max_length=1000, description="Numbers of results.")
    all_dead: bool = Field(default=False, description="With resend: every dead letter.")
    exams: tuple[str, ...] = Field(default=(), max_length=1000, description="With again: ids of the exams.")
    states: tuple[ResultState, ...] = Field(default=STANDING, description="With list: of results to show.")
    destination: str | None = Field(default=None, max_length=60, description="Only results for this destination.")
    limit: int = Field(default=100, ge=1, le=1000, description="Rows of a kind at most.")


class OutboxResult(Frozen):
    """How things stand; after a change, how they stand then.

    Attributes
    ----------
    facts : FlowFacts or None
        None where no node has ever run over this archive.
    changed : int
        Results or exams that the action has touched.
    """

    facts: FlowFacts | None
    node: NodeFacts | None = None
    results: tuple[ResultView, ...] = ()
    total: int = 0
    exams: tuple[ExamView, ...] = ()
    changed: int = 0


def run(request: OutboxRequest, context: Context) -> OutboxResult:
    """Show, send again, drop.

    Raises
    ------
    Forbidden
        For a researcher; for whoever is no senior, when something is to be changed.
    NotFound
        When a named result or exam is not there, or in no state for this; nothing was changed.
    InvalidRequest
        When nothing is named.
    """
    least: Role = "reader" if request.action == "list" else "senior"
    if not context.actor.may(least):
        raise Forbidden(role=least)
    if not (context.settings.home / "hospital" / "ledger.db").exists():
        if request.action != "list":
            raise NotFound(kind="result", name=", ".join(map(str, request.results or request.exams)))
        return OutboxResult(facts=None)
    ledger = context.get(Ledger)
    changed = 0 if request.action == "list" else _change(request, ledger, context)
    return _shown(request, ledger, context, changed)


def _shown(request: OutboxRequest, ledger: Ledger, context: Context, changed: int) -> OutboxResult:
    with ledger.read() as connection:
        at = now()
        found = facts_of(connection, at)
        rows, total = results(connection, at, request.states, request.destination, request.limit, context)
        unfinished = exams(connection, at, request.limit, context)
    return OutboxResult(
        facts=found, node=node_facts(context), results=rows, total=total, exams=unfinished, changed=changed
    )


def _change(request: OutboxRequest, ledger: Ledger, context: Context) -> int:
    if request.action == "again":
        return _again(request, ledger, context)
    if not request.results and not (request.all_dead and request.action == "resend"):
        raise InvalidRequest(name="results", reason="no result is named")
    allowed = ("sent", "confirmed", "dead") if request.action == "resend" else ("waiting", "dead")
    with ledger.write() as connection:
        query = select(Outgoing.id, Outgoing.kind, Outgoing.destination, Outgoing.state, Exam.study)
        if request.action == "resend":
            query = query.where(Outgoing.bytes > 0)  # retention leaves the row and takes the file
        query = query.join(Exam, Exam.study_uid == Outgoing.study_uid)
        named = Outgoing.state == "dead" if request.all_dead else Outgoing.id.in_(request.results)
        rows = [row for row in connection.execute(query.where(named)).all() if row.state in allowed]
        missing = set(request.results) - {row.id for row in rows}
        if missing and not request.all_dead:
            raise NotFound(kind="result", name=str(min(missing)))
        audit = AuditLog.from_context(context)
        for row in rows:
            audit.write(f"outbox.{request.action}", result=row.id, study=row.study or "", kind=row.kind,
                        destination=row.destination, was=row.state)  # fmt: skip
        ids = [row.id for row in rows]
        if request.action == "drop":
            connection.execute(delete(Outgoing).where(Outgoing.id.in_(ids)))
        else:
            fresh = {"state": "waiting", "attempts": 0, "next_at": now(), "sent": None, "error": None}
            connection.execute(update(Outgoing).where(Outgoing.id.in_(ids)).values(fresh))
    return len(ids)


def _again(request: OutboxRequest, ledger: Ledger, context: Context) -> int:
    if not request.exams:
        raise InvalidRequest(name="exams", reason="no exam is named")
    with ledger.write() as connection:
        rows = connection.execute(select(Exam.study_uid, Exam.study).where(Exam.state == "failed")).all()
        by_handle = {handle: row for row in rows for handle in (row.study, handle_of(row.study_uid)) if handle}
        missing = [one for one in request.exams if one not in by_handle]
        if missing:
            raise NotFound(kind="study", name=min(missing))
        audit = AuditLog.from_context(context)
        uids = {by_handle[one].study_uid: by_handle[one].study for one in request.exams}
        for study in uids.values():
            audit.write("hospital.again", study=study or "")
        fresh = {"state": "ready", "attempts": 0, "next_at": None, "finished": None, "error": None}
        connection.execute(update(Exam).where(Exam.study_uid.in_(list(uids))).values(fresh))
    return len(uids)
