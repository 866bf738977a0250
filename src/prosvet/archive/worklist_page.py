"""A page of the worklist: rows beyond a given one in a given order, read off the index of that order.

The place of a page is the row that it follows, not a count of rows to pass over: a page deep in the list costs what
the first does, and a link to it shows the same rows when others have come before them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from prosvet.archive.schema_work import WorkItem
from prosvet.core.errors import InvalidRequest

__all__ = ["END", "SORTS", "Order", "Page", "Sort", "page_of"]

Sort = Literal["priority", "arrived", "date", "age", "sex", "status", "reader", "study"]
SORTS: tuple[Sort, ...] = get_args(Sort)
END = "end"
"""The mark that stands behind the last row."""

_Column = InstrumentedAttribute[Any]
_Key = tuple[_Column, bool]  # and whether it goes down

_COLUMNS: dict[Sort, tuple[_Column, ...]] = {
    "priority": (WorkItem.priority, WorkItem.arrived, WorkItem.study_id),
    "arrived": (WorkItem.arrived, WorkItem.study_id),
    "date": (WorkItem.date, WorkItem.study_id),
    "age": (WorkItem.age, WorkItem.study_id),
    "sex": (WorkItem.sex, WorkItem.study_id),
    "status": (WorkItem.status, WorkItem.priority, WorkItem.arrived, WorkItem.study_id),
    "reader": (WorkItem.reader, WorkItem.study_id),
    "study": (WorkItem.study_id,),
}
_NULLABLE: tuple[Sort, ...] = ("date", "age", "sex", "reader")


@dataclass(frozen=True)
class Order:
    """By what the list is sorted. Rows that lack it stand last, whichever way the rest goes."""

    sort: Sort = "priority"
    down: bool = True

    def columns(self) -> tuple[_Key, ...]:
        """The columns. Equals go newest first: an archive of years is listed with one arrival, and today's films must
        not stand behind it; so within a status the urgent come first, up or down."""
        lead, *rest = _COLUMNS[self.sort]
        return ((lead, self.down), *((column, self.down or self.sort == "status") for column in rest))


@dataclass(frozen=True)
class Page:
    """Ids of one page in their order; ``first`` rows stand before it; the marks lead on and back, None: no more."""

    studies: tuple[str, ...]
    first: int
    after: str | None
    before: str | None


def page_of(
    db: Connection,
    where: Sequence[ColumnElement[bool]],
    order: Order,
    limit: int,
    *,
    after: str | None = None,
    before: str | None = None,
) -> Page:
    """The page that follows the mark `after`, or that stands before the mark `before`; by default the first.

    Raises
    ------
    InvalidRequest
        When a mark is none of ours.
    """
    back = before is not None
    place = _unmarked(before or after, order)
    rows = _rows(db, where, order, place, limit + 1, back=back)
    more, rows = len(rows) > limit, rows[:limit]
    if back:
        rows.reverse()
    if not rows:
        return Page((), 0, None, None)
    first = 0 if (not back and place is None) or (back and not more) else _rank(db, where, order, rows[0])
    follows = before != END if back else more
    return Page(
        tuple(row.study_id for row in rows), first,
        _mark(rows[-1], order) if follows else None, _mark(rows[0], order) if first else None,
    )  # fmt: skip


def _rows(
    db: Connection, where: Sequence[ColumnElement[bool]], order: Order, place: tuple[Any, ...] | None, limit: int,
    *, back: bool,
) -> list[Row[Any]]:  # fmt: skip
    """At most `limit` rows beyond `place`; ``back`` turns the order round."""
    keys = tuple((column, down != back) for column, down in order.columns())
    found: list[Row[Any]] = []
    for unknown in _parts(order, back):
        if place is not None and (place[0] is None) != unknown and (place[0] is None) != back:
            continue  # a part that lies before the place
        query = _part(select(*(column for column, _ in keys)).where(*where), order, unknown)
        if place is not None and (place[0] is None) == unknown:
            query = query.where(_beyond(keys[unknown:], place[unknown:]))
        turned = [column.desc() if down else column.asc() for column, down in keys[unknown:]]
        found += db.execute(query.order_by(*turned).limit(limit - len(found))).all()
        if len(found) == limit:
            break
    return found


def _rank(db: Connection, where: Sequence[ColumnElement[bool]], order: Order, row: Row[Any]) -> int:
    """How many rows stand before `row`."""
    keys = tuple((column, not down) for column, down in order.columns())
    unknown = row[0] is None
    query = _part(select(func.count()).select_from(WorkItem).where(*where), order, unknown)
    before = db.execute(query.where(_beyond(keys[unknown:], tuple(row)[unknown:]))).scalar_one()
    if unknown:
        before += db.execute(_part(select(func.count()).select_from(WorkItem).where(*where), order, False)).scalar_one()
    return int(before)


def _parts(order: Order, back: bool) -> tuple[bool, ...]:
    """Whether what is sorted by is unknown, part after part of the list."""
    if order.sort not in _NULLABLE:
        return (False,)
    return (True, False) if back else (False, True)


def _part(query: Select[Any], order: Order, unknown: bool) -> Select[Any]:
    if order.sort not in _NULLABLE:
        return query
    lead = _COLUMNS[order.sort][0]
    return query.where(lead.is_(None) if unknown else lead.is_not(None))


def _beyond(keys: Sequence[_Key], values: Sequence[Any]) -> ColumnElement[bool]:
    """The condition on rows that stand behind `values`."""
    columns, ways = [column for column, _ in keys], {down for _, down in keys}
    if len(ways) == 1:
        here, there = tuple_(*columns), tuple_(*values)
        return here < there if ways == {True} else here > there
    (lead, down), value = keys[0], values[0]
    further = lead < value if down else lead > value
    return or_(further, and_(lead == value, _beyond(keys[1:], values[1:])))


def _mark(row: Row[Any], order: Order) -> str:
    """The place of `row` in words for an address: its values, so that it stays when the row goes."""
    values = [value.isoformat() if isinstance(value, date) else value for value in row]
    packed = json.dumps([order.sort, *values], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _unmarked(mark: str | None, order: Order) -> tuple[Any, ...] | None:
    if mark is None or mark == END:
        return None
    try:
        sort, *values = json.loads(base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)))
        if sort != order.sort or len(values) != len(_COLUMNS[order.sort]):
            raise ValueError(mark)
        return tuple(_value(column, value) for column, value in zip(_COLUMNS[order.sort], values, strict=True))
    except (ValueError, TypeError, AttributeError) as error:
        raise InvalidRequest(name="after", reason="no mark of this list") from error


def _value(column: _Column, value: Any) -> Any:
    if value is None:
        if not column.nullable:
            raise ValueError(column.key)
        return None
    kind: type = column.type.python_type
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    if not isinstance(value, (int, float) if kind is float else kind) or isinstance(value, bool):
        raise TypeError(value)
    return value
