"""The answer to what changed since an earlier film, of all findings or of one."""

from __future__ import annotations

from collections.abc import Sequence

from prosvet.core.types import Finding, Status
from prosvet.language import Mention
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.ask.answer import Reply
from prosvet.reading.prior import Change, Course, changes
from prosvet.reading.several import Looked

__all__ = ["Since", "change_reply"]

Since = dict[Course, tuple[str, ...]]
"""Concepts by their course."""


def change_reply(claims: Sequence[Mention], now: Looked, before: Looked | None) -> tuple[Reply, Since]:
    """What is said, and the concepts of each course that fill it; an abstention without an earlier film.

    Only presence is compared. That a finding is still there says nothing of its size.
    """
    if before is None:
        return Reply("no_prior", answered=False), {}
    if before.refusal is not None:
        return Reply("prior_not_read", answered=False), {}
    rows = changes(before.findings, now.findings)
    if claims:
        return _of_one(claims[0].concept, rows, now, before)
    decided = tuple(row for row in rows if row.course != "unclear")
    since = _by_course(rows)
    if not decided:
        return Reply("change_none", answered=not rows, findings=_shown(rows)), since
    return Reply("change", findings=_shown(decided)), since


def _of_one(concept: str, rows: Sequence[Change], now: Looked, before: Looked) -> tuple[Reply, Since]:
    family = {concept, *vocabulary().descendants(concept)}
    own = tuple(row for row in rows if row.concept in family)
    if own:
        told = own[0]
        return Reply(f"change_{told.course}", told.course != "unclear", None, _shown(own)), _by_course(own)
    above = family | vocabulary().ancestors(concept)
    absent = [any(f.concept in above and f.status is Status.ABSENT for f in one.findings) for one in (before, now)]
    return Reply("change_neither" if all(absent) else "not_assessed", answered=all(absent)), {}


def _shown(rows: Sequence[Change]) -> tuple[Finding, ...]:
    both = ((row.now, row.before) for row in rows)
    return tuple(one for now, before in both if (one := now if now is not None else before) is not None)


def _by_course(rows: Sequence[Change]) -> Since:
    since: Since = {}
    for row in rows:
        since[row.course] = (*since.get(row.course, ()), row.concept)
    return since
