"""The capability operations.health: does each part do its work? For a probe, and for whoever was woken by it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Literal

from pydantic import Field
from sqlalchemy import func, select

from prosvet.archive.store import Store
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.types import Frozen
from prosvet.hospital.ledger.schema import Exam, Outgoing
from prosvet.hospital.ledger.store import Ledger
from prosvet.hospital.node.facts import facts
from prosvet.models.deployed import card_in_force

__all__ = ["HealthRequest", "HealthResult", "Part", "run"]

_LEAST_DISK = 2_000_000_000  # bytes: room for a day of films
_LATE = 3600.0  # seconds that a result may wait before somebody should look

State = Literal["ok", "note", "failed"]


class HealthRequest(Frozen):
    """What must be running."""

    node: bool = Field(default=False, description="The DICOM node must run; else a stopped one is a note.")


class Part(Frozen):
    """A part: ``ok``, ``failed``, or a ``note`` that needs a person but stops nothing. ``facts`` are numbers only."""

    name: str
    state: State
    facts: dict[str, int] = Field(default_factory=dict)


class HealthResult(Frozen):
    """All parts."""

    ok: bool
    parts: tuple[Part, ...]


def run(request: HealthRequest, context: Context) -> HealthResult:
    """Ask every part; errors of the database and of the model's card are raised as they are.

    Raises
    ------
    ArchiveError, AlreadyRunning, ModelError
    """
    parts = (_archive(context), _disk(context), *_hospital(request, context))
    return HealthResult(ok=all(part.state != "failed" for part in parts), parts=parts)


def _archive(context: Context) -> Part:
    card_in_force(context.settings)
    counts = context.get(Store).counts()
    return Part(name="archive", state="ok", facts={"studies": counts.studies, "images": counts.images})


def _disk(context: Context) -> Part:
    free = shutil.disk_usage(context.settings.home).free
    state: State = "ok" if free >= _LEAST_DISK else "failed"
    return Part(name="disk", state=state, facts={"free_megabytes": free // 1_000_000})


def _hospital(request: HealthRequest, context: Context) -> Iterator[Part]:
    found = facts(context)
    state: State = "ok" if found is not None and found.running else "failed" if request.node else "note"
    numbers = {} if found is None else {"received": found.received, "refused": sum(found.refused.values()),
                                        "associations": found.associations_now}  # fmt: skip
    yield Part(name="node", state=state, facts=numbers)
    if not (context.settings.home / "hospital" / "ledger.db").exists():
        return
    at = now()
    with context.get(Ledger).read() as db:
        exams = {state: count for state, count in db.execute(select(Exam.state, func.count()).group_by(Exam.state))}
        late = db.execute(
            select(func.count()).select_from(Exam).where(Exam.deadline < at, Exam.state.in_(("ready", "working")))
        ).scalar_one()
        waiting = db.execute(select(func.count(), func.min(Outgoing.created)).where(Outgoing.state == "waiting")).one()
        dead = db.execute(select(func.count()).where(Outgoing.state == "dead")).scalar_one()
    yield Part(
        name="exams", state="note" if late or exams.get("failed") else "ok", facts={**exams, "past_deadline": late}
    )
    age = int((at - waiting[1]).total_seconds()) if waiting[1] is not None else 0
    yield Part(
        name="outbox", state="note" if dead or age > _LATE else "ok",
        facts={"waiting": waiting[0], "oldest_seconds": age, "dead": dead},
    )  # fmt: skip
