"""Cohorts in the database: who may see which, and the studies in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, insert, or_, select, true, update

from prosvet.archive.schema import Study
from prosvet.archive.schema_work import Cohort, CohortStudy
from prosvet.archive.store import Store
from prosvet.archive.visible import visible
from prosvet.core.actor import Actor
from prosvet.core.clock import now
from prosvet.core.errors import CohortError, NotFound
from prosvet.search.cohorts.shapes import CohortOrigin, CohortView

__all__ = ["LONGEST_NAME", "add", "clean_name", "cohorts", "drop", "one", "remove", "rename", "study_ids"]

LONGEST_NAME = 120  # characters
_CHUNK = 5000


def clean_name(name: str | None) -> str:
    """`name` without spaces around it.

    Raises
    ------
    CohortError
        Reason ``no_name`` or ``long_name``.
    """
    cleaned = " ".join((name or "").split())
    if not cleaned or not cleaned.isprintable():
        raise CohortError(reason="no_name")
    if len(cleaned) > LONGEST_NAME:
        raise CohortError(reason="long_name", limit=LONGEST_NAME)
    return cleaned


def cohorts(store: Store, actor: Actor) -> list[CohortView]:
    """The cohorts of `actor` (of everybody, for a senior), newest first."""
    with store.read() as db:
        return [_view(row, actor) for row in db.execute(_select(actor).order_by(Cohort.id.desc()))]


def one(store: Store, actor: Actor, cohort: str | None) -> CohortView:
    """The cohort of this number, else of this name; one's own before others' of the same name.

    Raises
    ------
    NotFound
        When there is none, or it belongs to somebody else.
    """
    number = int(cohort) if cohort and cohort.isascii() and cohort.isdigit() and len(cohort) < 19 else 0
    named = _select(actor).where(or_(Cohort.name == (cohort or ""), Cohort.id == number))
    query = named.order_by(Cohort.id != number, Cohort.owner != actor.name, Cohort.id)
    with store.read() as db:
        row = db.execute(query).first()
    if row is None:
        raise NotFound(kind="cohort", name=cohort or "")
    return _view(row, actor)


def study_ids(store: Store, actor: Actor, cohort: int, limit: int | None = None, offset: int = 0) -> list[str]:
    """Ids of the studies that `actor` may see, in the cohort's order."""
    query = select(Study.id).join(CohortStudy, CohortStudy.study_id == Study.id)
    query = query.where(CohortStudy.cohort_id == cohort, visible(actor)).order_by(CohortStudy.place)
    with store.read() as db:
        return list(db.execute(query.limit(limit).offset(offset)).scalars())


def add(store: Store, actor: Actor, name: str, studies: Sequence[str], origin: CohortOrigin) -> int:
    """Keep a new cohort; its number.

    Raises
    ------
    CohortError
        Reason ``name_taken``.
    NotFound
        When a study is not there, or belongs to somebody else.
    """
    wanted = list(dict.fromkeys(studies))
    body = {"name": name, "owner": actor.name, "created": now(),
            "query": origin.model_dump(mode="json")}  # fmt: skip
    with store.note() as db:
        _ensure_free(db, actor.name, name)
        _ensure_there(db, actor, wanted)
        number = int(db.execute(insert(Cohort).values(body)).inserted_primary_key[0])  # type: ignore[index]
        rows = [{"cohort_id": number, "study_id": study, "place": place} for place, study in enumerate(wanted)]
        db.execute(insert(CohortStudy), rows)
    return number


def rename(store: Store, cohort: int, name: str) -> None:
    """Give a cohort another name.

    Raises
    ------
    CohortError
        Reason ``name_taken``.
    """
    with store.note() as db:
        owner, old = db.execute(select(Cohort.owner, Cohort.name).where(Cohort.id == cohort)).one()
        if name != old:
            _ensure_free(db, owner, name)
        db.execute(update(Cohort).where(Cohort.id == cohort).values(name=name))


def remove(store: Store, cohort: int, studies: Iterable[str]) -> int:
    """Take studies out of a cohort (they stay in the archive); how many were in it."""
    taken = 0
    wanted = list(dict.fromkeys(studies))
    with store.note() as db:
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            taken += db.execute(
                delete(CohortStudy).where(CohortStudy.cohort_id == cohort, CohortStudy.study_id.in_(chunk))
            ).rowcount
    return taken


def drop(store: Store, cohort: int) -> None:
    """Forget a cohort; its studies stay in the archive."""
    with store.note() as db:
        db.execute(delete(Cohort).where(Cohort.id == cohort))


def _ensure_free(db: Connection, owner: str, name: str) -> None:
    """The writer holds the database, so that nobody takes the name between this and its use."""
    if db.execute(select(Cohort.id).where(Cohort.owner == owner, Cohort.name == name)).first() is not None:
        raise CohortError(reason="name_taken", name=name)


def _ensure_there(db: Connection, actor: Actor, studies: Sequence[str]) -> None:
    for start in range(0, len(studies), _CHUNK):
        chunk = studies[start : start + _CHUNK]
        there = set(db.execute(select(Study.id).where(Study.id.in_(chunk), visible(actor))).scalars())
        for study in chunk:
            if study not in there:
                raise NotFound(kind="study", name=study)


def _mine(actor: Actor) -> ColumnElement[bool]:
    return true() if actor.may("senior") else Cohort.owner == actor.name


def _select(actor: Actor) -> Select[int, str, str, datetime, dict[str, object], int]:
    size = (
        select(func.count())
        .select_from(CohortStudy)
        .join(Study, Study.id == CohortStudy.study_id)
        .where(CohortStudy.cohort_id == Cohort.id, visible(actor))
        .correlate(Cohort)
        .scalar_subquery()
    )
    columns = (Cohort.id, Cohort.name, Cohort.owner, Cohort.created, Cohort.query, size.label("size"))
    return select(*columns).where(_mine(actor))


def _view(row: Row[int, str, str, datetime, dict[str, object], int], actor: Actor) -> CohortView:
    origin = CohortOrigin.model_validate(row.query)
    return CohortView(
        id=row.id, name=row.name, owner=row.owner, created=row.created.replace(tzinfo=UTC), size=row.size, origin=origin
    )
