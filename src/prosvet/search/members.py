"""Every study that meets a question: not the best so many, but all that have what it names and nothing it denies.

A person's word stands above the model's here as in the ranking; where nobody has spoken, the model's operating
point decides.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from prosvet.archive.filters import StudyFilter
from prosvet.archive.schema import Image, Report
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.index.base import Ids
from prosvet.index.facts import Facts
from prosvet.index.service import Indexes, Kind
from prosvet.search.ask import Question
from prosvet.search.engine import allowed_rows
from prosvet.search.match import Matcher, Thresholds
from prosvet.search.query import ParsedQuery

__all__ = ["count_members", "has_conditions", "members"]

_KINDS: tuple[Kind, ...] = ("images", "reports")
_THERE = 0.5  # a label, a report, or the model from its operating point on
_CHUNK = 5000  # SQLite takes at most 32,766 parameters


def has_conditions(query: ParsedQuery) -> bool:
    """Whether a query names a concept or a condition, so that "all that meet it" has a meaning."""
    return bool(query.concepts) or query.filters != StudyFilter()


def members(query: ParsedQuery, context: Context, kinds: tuple[Kind, ...] = _KINDS) -> list[str]:
    """Ids, in order, of all studies that the context's actor may see and that meet `query`.

    Every concept asked for is there (by a label or a report, else by the model at its operating point) on the side
    asked for, none that is excluded is, and all conditions hold. Words that name no concept do not count.
    """
    found: set[str] = set()
    for kind in kinds:
        found.update(_studies(kind, _ids(kind, query, context), context.get(Store)))
    return sorted(found)


def count_members(query: ParsedQuery, context: Context) -> int:
    """How many there are."""
    return len(members(query, context))


def _ids(kind: Kind, query: ParsedQuery, context: Context) -> Ids:
    store, indexes = context.get(Store), context.get(Indexes)
    facts: Facts = indexes.image_facts if kind == "images" else indexes.report_facts
    matcher = Matcher(facts, Thresholds.of(context))
    rows = allowed_rows(kind, Question("text", query), store, matcher, context.actor)
    for concept in query.wanted:
        rows &= _there(matcher, concept.id) & matcher.on_side(concept.id, concept.side)
    return facts.ids[rows]


def _there(matcher: Matcher, concept: str) -> NDArray[np.bool_]:
    degrees = np.nan_to_num(matcher.degree(concept))
    there: NDArray[np.bool_] = degrees >= _THERE
    return there


def _studies(kind: Kind, ids: Ids, store: Store) -> Iterator[str]:
    table = Image if kind == "images" else Report
    with store.read() as db:
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK].tolist()
            yield from db.execute(select(table.study_id).where(table.id.in_(chunk)).distinct()).scalars()
