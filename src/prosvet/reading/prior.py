"""Two readings of one patient in the order of time: what is new, what is gone, what stays, and what cannot be said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from prosvet.core.types import Finding, Frozen, Status

__all__ = ["Change", "Course", "changes"]

Course = Literal["new", "gone", "same", "unclear"]
_GROUPS = frozenset({"abnormal", "focal_opacity"})
"""Said of their parts."""
_ORDER: tuple[Course, ...] = ("new", "gone", "same", "unclear")


class Change(Frozen):
    """A finding of either film.

    Attributes
    ----------
    course : {"new", "gone", "same", "unclear"}
        From its statuses alone: "same" says that it is still there, never that its size is. "unclear" where one of the
        films shows it and the other does not decide.
    """

    concept: str
    course: Course
    before: Finding | None
    now: Finding | None


def changes(before: Sequence[Finding], now: Sequence[Finding]) -> tuple[Change, ...]:
    """What changed between two readings, new findings first; what neither film shows is left out.

    Examples
    --------
    >>> mass = Finding(concept="mass", status=Status.PRESENT, probability=0.9)
    >>> [(one.concept, one.course) for one in changes([mass.model_copy(update={"status": Status.ABSENT})], [mass])]
    [('mass', 'new')]
    """
    was, is_ = ({one.concept: one for one in found if one.concept not in _GROUPS} for found in (before, now))
    rows = [_change(concept, was.get(concept), is_.get(concept)) for concept in dict.fromkeys((*is_, *was))]
    return tuple(sorted((row for row in rows if row is not None), key=_weight))


def _change(concept: str, before: Finding | None, now: Finding | None) -> Change | None:
    statuses = tuple(one.status if one is not None else Status.NOT_ASSESSED for one in (before, now))
    if Status.PRESENT not in statuses:
        return None
    courses: dict[tuple[Status, ...], Course] = {
        (Status.ABSENT, Status.PRESENT): "new",
        (Status.PRESENT, Status.ABSENT): "gone",
        (Status.PRESENT, Status.PRESENT): "same",
    }
    return Change(concept=concept, course=courses.get(statuses, "unclear"), before=before, now=now)


def _weight(change: Change) -> tuple[int, float]:
    shown = change.now if change.now is not None and change.now.status is Status.PRESENT else change.before
    return _ORDER.index(change.course), -((shown.probability if shown is not None else None) or 0.0)
