"""A study's row in the worklist: its status, who has taken it, whose it is. Changes come on ``Store.note()``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from sqlalchemy import Connection, case, insert, select, update

from prosvet.archive.priority import set_priorities
from prosvet.archive.schema import Image, Meta, Patient, Study
from prosvet.archive.schema_work import WorkItem
from prosvet.archive.store import Store
from prosvet.core.actor import Actor
from prosvet.core.clock import now
from prosvet.core.errors import InvalidRequest, NotFound, Taken
from prosvet.core.types import View

__all__ = [
    "CLOSED",
    "STATUSES",
    "WorkStatus",
    "added",
    "call_back",
    "ensure_listed",
    "list_studies",
    "opened",
    "release",
    "relist",
    "send_away",
    "set_status",
    "take",
]

WorkStatus = Literal[
    "new", "read", "draft", "addition", "signed", "second_reading", "disagreement", "released", "no_film", "synthetic"
]  # fmt: skip
STATUSES: tuple[WorkStatus, ...] = get_args(WorkStatus)
"""new: nobody has opened it; read: opened, no protocol yet; draft: a protocol is begun; signed; second_reading: waits
for a second reader; disagreement: the two readers differ and a third decides; released: autonomous screening sent it
away as normal, unread; no_film: a source's report came without its film, so that there is nothing to read; addition:
films came after the protocol was signed, and an addendum has to say what they show; synthetic: its films were made and
not taken, and are read only by whoever asks for them."""

CLOSED: tuple[WorkStatus, ...] = ("signed", "released", "no_film", "synthetic")
"""Where there is nothing to do."""

_LISTED = "worklist"  # key of Meta: which table of urgency the priorities were made with
_TABLE = 2  # grows with every change of priority.URGENCY
_PART = 500  # studies asked for at once


def set_status(db: Connection, study: str, status: WorkStatus, reader: str | None = None) -> None:
    """Move `study` on to `status`; with `reader`, it is theirs from now on. Without, its reader stays.

    Raises
    ------
    InvalidRequest
        For a status that is none of ``STATUSES``.
    NotFound
        When the study is not in the list.
    """
    if status not in STATUSES:
        raise InvalidRequest(name="status", reason=f"{status!r}: {', '.join(STATUSES)}")
    values: dict[str, object] = {"status": status, "updated": now("second")}
    if reader is not None:
        values["reader"] = reader
    if db.execute(update(WorkItem).where(WorkItem.study_id == study).values(values)).rowcount == 0:
        raise NotFound(kind="study", name=study)


def opened(db: Connection, study: str) -> bool:
    """Somebody has opened `study`: what was new is read, anything later stays. Whether that changed it."""
    fresh = update(WorkItem).where(WorkItem.study_id == study, WorkItem.status == "new")
    return db.execute(fresh.values(status="read", updated=now("second"))).rowcount == 1


def send_away(db: Connection, study: str) -> None:
    """Screening has released `study`: nobody need read it, unless somebody has begun to."""
    unread = update(WorkItem).where(WorkItem.study_id == study, WorkItem.status == "new", WorkItem.reader.is_(None))
    db.execute(unread.values(status="released", updated=now("second")))


def call_back(db: Connection, studies: Sequence[str]) -> None:
    """More films have come for `studies`: those that screening had released must be read after all.

    Those that were signed wait for an addition, and for whoever is there: who signed may be off duty by now.
    """
    away = update(WorkItem).where(WorkItem.study_id.in_(studies), WorkItem.status == "released")
    db.execute(away.values(status="new", updated=now("second")))
    signed = update(WorkItem).where(WorkItem.study_id.in_(studies), WorkItem.status == "signed")
    db.execute(signed.values(status="addition", reader=None, updated=now("second")))


def added(db: Connection, study: str, actor: Actor) -> None:
    """`actor` has signed an addendum to `study`: where one was waited for, it is read."""
    waits = update(WorkItem).where(WorkItem.study_id == study, WorkItem.status == "addition")
    db.execute(waits.values(status="signed", reader=actor.name, updated=now("second")))


def take(db: Connection, study: str, actor: Actor) -> None:
    """`actor` takes `study` to read; taking it again changes nothing.

    Raises
    ------
    NotFound
    Taken
        When another reader has it.
    """
    holder = _reader(db, study)
    if holder not in (None, actor.name):
        raise Taken(study=study, reader=holder)
    db.execute(update(WorkItem).where(WorkItem.study_id == study).values(reader=actor.name, updated=now("second")))


def release(db: Connection, study: str, actor: Actor) -> None:
    """`study` is free again; a senior may free what another reader has taken.

    Raises
    ------
    NotFound
    Taken
        When another reader has it and `actor` is no senior.
    """
    holder = _reader(db, study)
    if holder not in (None, actor.name) and not actor.may("senior"):
        raise Taken(study=study, reader=holder)
    db.execute(update(WorkItem).where(WorkItem.study_id == study).values(reader=None, updated=now("second")))


def _reader(db: Connection, study: str) -> str | None:
    row = db.execute(select(WorkItem.reader).where(WorkItem.study_id == study)).first()
    if row is None:
        raise NotFound(kind="study", name=study)
    holder: str | None = row.reader
    return holder


# ---------------------------------------------------------------- rows of new and old studies


def list_studies(db: Connection, studies: Sequence[str], owner: str | None = None) -> None:
    """Rows for those of `studies` that have none, with their priority; for the others, what has come is brought in.

    ``owner`` is whose the new ones are; the others keep theirs.
    """
    for start in range(0, len(studies), _PART):
        part = studies[start : start + _PART]
        listed = set(db.execute(select(WorkItem.study_id).where(WorkItem.study_id.in_(part))).scalars())
        fresh = [study for study in part if study not in listed]
        if fresh:
            db.execute(insert(WorkItem), _rows(db, fresh, owner))
        _repeat(db, part)
        set_priorities(db, part)


def _rows(db: Connection, studies: Sequence[str], owner: str | None) -> list[dict[str, object]]:
    time = now("second")
    return [{"study_id": study, "arrived": time, "updated": time, "owner": owner} for study in studies]


def _repeat(db: Connection, studies: Sequence[str]) -> None:
    """What the row repeats of its study; its film is the first frontal one, or the first."""
    frontal = case((Image.view == View.FRONTAL.value, 0), else_=1)
    film = select(Image.id).where(Image.study_id == WorkItem.study_id).order_by(frontal, Image.id).limit(1)
    sex = select(Patient.sex).join(Study, Study.patient_id == Patient.id).where(Study.id == WorkItem.study_id)
    age = select(Study.age).where(Study.id == WorkItem.study_id)
    day = select(Study.date).where(Study.id == WorkItem.study_id)
    db.execute(
        update(WorkItem).where(WorkItem.study_id.in_(studies)).values(
            image_id=film.scalar_subquery(), sex=sex.scalar_subquery(), age=age.scalar_subquery(),
            date=day.scalar_subquery(),
        )
    )  # fmt: skip
    for without, before, after in ((True, "new", "no_film"), (False, "no_film", "new")):
        film_is = WorkItem.image_id.is_(None) if without else WorkItem.image_id.is_not(None)
        changed = update(WorkItem).where(WorkItem.study_id.in_(studies), WorkItem.status == before, film_is)
        db.execute(changed.values(status=after))
    made = select(Study.id).where(Study.synthetic)
    for before, after, which in (
        ("new", "synthetic", WorkItem.study_id.in_(made)), ("synthetic", "new", WorkItem.study_id.not_in(made))
    ):  # fmt: skip
        db.execute(
            update(WorkItem)
            .where(WorkItem.study_id.in_(studies), WorkItem.status == before, which)
            .values(status=after)
        )


def ensure_listed(store: Store) -> None:
    """Bring an archive of before the worklist, or of another table of urgency, up to date; at once where it is."""
    with store.read() as db:
        if db.execute(select(Meta.value).where(Meta.key == _LISTED)).scalar() == _TABLE:
            return
    relist(store)


def relist(store: Store) -> int:
    """List every study and set every priority anew; how many rows changed or came. Statuses and readers stay."""
    with store.note() as db:
        rows = select(WorkItem.study_id, WorkItem.priority, WorkItem.reason, WorkItem.image_id)
        before = {row.study_id: row for row in db.execute(rows)}
        list_studies(db, db.execute(select(Study.id).order_by(Study.id)).scalars().all())
        after = db.execute(rows).all()
        done = update(Meta).where(Meta.key == _LISTED).values(value=_TABLE)
        if db.execute(done).rowcount == 0:
            db.execute(insert(Meta).values(key=_LISTED, value=_TABLE))
    return sum(before.get(row.study_id) != row for row in after)
