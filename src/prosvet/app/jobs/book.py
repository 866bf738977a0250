"""The table of jobs: put in, taken in turn, moved on, found again after a stop; each change a short transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, func, insert, select, true, update

from prosvet.app.jobs.view import COLUMNS, JobState, JobView, view_of
from prosvet.archive.schema_app import Job
from prosvet.archive.store import Store
from prosvet.core.actor import Actor, Role
from prosvet.core.clock import now
from prosvet.core.context import Context
from prosvet.core.errors import JobRefused, NotFound
from prosvet.core.i18n import Lang

__all__ = ["JobBook", "Ticket"]


class Ticket(NamedTuple):
    """A job whose turn has come, as it was asked for."""

    id: str
    capability: str
    request: dict[str, Any]
    actor: Actor
    lang: Lang


class JobBook:
    """Jobs of one archive; the queue is the table itself, so that any process may put a job in."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def from_context(cls, context: Context) -> Self:
        """The jobs of the context's archive."""
        return cls(context.get(Store))

    def put(self, capability: str, subject: str, request: Mapping[str, Any], actor: Actor, lang: Lang) -> JobView:
        """A new job at the end of the queue."""
        name = secrets.token_hex(8)
        values = {
            "id": name, "capability": capability, "subject": subject, "request": dict(request), "owner": actor.name,
            "role": actor.role, "lang": lang, "state": "waiting", "label": "", "done": 0, "created": now(),
            "cancelling": False,
        }  # fmt: skip
        with self._store.note() as db:
            db.execute(insert(Job).values(**values))
        return self.get(name, actor)

    def get(self, job: str, actor: Actor) -> JobView:
        """One job.

        Raises
        ------
        NotFound
            When there is none, or it is somebody else's and `actor` is no senior.
        """
        with self._store.read() as db:
            row = db.execute(select(*COLUMNS).where(Job.id == job, _seen_by(actor))).first()
        if row is None:
            raise NotFound(kind="job", name=job)
        return view_of(row)

    def page(
        self, actor: Actor, states: tuple[JobState, ...] = (), limit: int = 50, offset: int = 0
    ) -> tuple[int, tuple[JobView, ...]]:
        """How many there are, and a page of them, the newest first."""
        wanted = [_seen_by(actor), Job.state.in_(states) if states else true()]
        query = select(*COLUMNS).where(*wanted).order_by(Job.created.desc(), Job.id).limit(limit).offset(offset)
        with self._store.read() as db:
            total = db.execute(select(func.count()).select_from(Job).where(*wanted)).scalar_one()
            return total, tuple(view_of(row) for row in db.execute(query))

    # -- what people ask for ---------------------------------------------------------------------------

    def cancel(self, job: str, actor: Actor) -> JobView:
        """Stop a job: at once when it waits, at its next item when it runs.

        Raises
        ------
        NotFound, JobRefused
        """
        view = self.get(job, actor)
        with self._store.note() as db:
            waiting = update(Job).where(Job.id == job, Job.state == "waiting")
            changed = db.execute(waiting.values(state="cancelled", finished=now())).rowcount
            running = update(Job).where(Job.id == job, Job.state == "running")
            changed += db.execute(running.values(cancelling=True)).rowcount
        if not changed:
            raise JobRefused(id=job, reason="ended", state=view.state)
        return self.get(job, actor)

    def resume(self, job: str, actor: Actor) -> JobView:
        """Put a job that failed, was cancelled or was stopped at the end of the queue again.

        Raises
        ------
        NotFound, JobRefused
        """
        view = self.get(job, actor)
        with self._store.note() as db:
            again = update(Job).where(Job.id == job, Job.state.in_(("failed", "cancelled", "stopped")))
            fresh = {"state": "waiting", "cancelling": False, "error": None, "label": "", "done": 0, "total": None,
                     "started": None, "finished": None}  # fmt: skip
            changed = db.execute(again.values(**fresh)).rowcount
        if not changed:
            raise JobRefused(id=job, reason="done" if view.state == "done" else "under_way", state=view.state)
        return self.get(job, actor)

    # -- what the runner does --------------------------------------------------------------------------

    def take(self) -> Ticket | None:
        """The job that has waited longest, running from now on; None when nobody waits."""
        first = select(Job.id).where(Job.state == "waiting").order_by(Job.created, Job.id).limit(1)
        with self._store.read() as db:
            if db.execute(first).first() is None:
                return None  # without asking for the write lock
        with self._store.note() as db:
            name = db.execute(first).scalar()
            if name is None:
                return None
            db.execute(update(Job).where(Job.id == name).values(state="running", started=now()))
            asked = select(Job.capability, Job.request, Job.owner, Job.role, Job.lang).where(Job.id == name)
            row = db.execute(asked).one()
        role: Role = row.role
        lang: Lang = row.lang
        return Ticket(name, row.capability, row.request, Actor(row.owner, role), lang)

    def progress(self, job: str, label: str, done: int, total: int | None) -> bool:
        """Write how far a job is; whether it was asked to stop."""
        with self._store.note() as db:
            db.execute(update(Job).where(Job.id == job).values(label=label, done=done, total=total))
            return bool(db.execute(select(Job.cancelling).where(Job.id == job)).scalar())

    def finish(
        self, job: str, state: JobState, *, result: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """A job has ended, one way or another."""
        values = {"state": state, "result": result, "error": error, "finished": now(), "cancelling": False}
        with self._store.note() as db:
            db.execute(update(Job).where(Job.id == job).values(**values))

    def mark_stopped(self) -> int:
        """Jobs that ran when their process died are stopped; how many there were. Only for who runs the jobs."""
        with self._store.note() as db:
            lost = update(Job).where(Job.state == "running")
            return db.execute(lost.values(state="stopped", cancelling=False, finished=now())).rowcount


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.may("senior") else Job.owner == actor.name
