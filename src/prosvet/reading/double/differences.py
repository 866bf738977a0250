"""Where two opinions of one study differ. What one of them did not assess is neither agreement nor difference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from prosvet.core.types import Frozen, Status
from prosvet.language.vocabulary import vocabulary
from prosvet.reading.double.form import OpinionFinding

__all__ = ["Comparison", "Kind", "compare", "differing"]

Kind = Literal["status", "side", "certainty", "agreed", "not_compared"]
_ORDER: tuple[Kind, ...] = ("status", "side", "certainty", "agreed", "not_compared")
_FOUND = (Status.PRESENT, Status.UNCERTAIN)


class Comparison(Frozen):
    """One finding in both opinions.

    Attributes
    ----------
    kind : str
        ``status``: one sees what the other denies. ``side``: both see it, on different sides. ``certainty``: one is
        certain (that it is there, or that it is not), the other is not. ``agreed``. ``not_compared``: at least one did
        not assess it.
    """

    concept: str
    kind: Kind
    first: OpinionFinding
    second: OpinionFinding

    @property
    def differs(self) -> bool:
        """A third has to resolve it."""
        return self.kind in ("status", "side", "certainty")


def compare(first: Mapping[str, OpinionFinding], second: Mapping[str, OpinionFinding]) -> tuple[Comparison, ...]:
    """Every finding that either speaks of, differences first.

    Examples
    --------
    >>> yes, no = OpinionFinding(status="present"), OpinionFinding(status="absent")
    >>> [(c.concept, c.kind) for c in compare({"edema": yes, "hernia": no}, {"edema": no})]
    [('edema', 'status'), ('hernia', 'not_compared')]
    """
    silent = OpinionFinding(status=Status.NOT_ASSESSED)
    concepts = dict.fromkeys([*first, *second])
    made = [_one(concept, first.get(concept, silent), second.get(concept, silent)) for concept in concepts]
    return tuple(sorted(made, key=lambda comparison: _ORDER.index(comparison.kind)))


def differing(first: Mapping[str, OpinionFinding], second: Mapping[str, OpinionFinding]) -> tuple[str, ...]:
    """The concepts in which two opinions differ."""
    return tuple(comparison.concept for comparison in compare(first, second) if comparison.differs)


def _one(concept: str, first: OpinionFinding, second: OpinionFinding) -> Comparison:
    return Comparison(concept=concept, kind=_kind(concept, first, second), first=first, second=second)


def _kind(concept: str, first: OpinionFinding, second: OpinionFinding) -> Kind:
    statuses = {first.status, second.status}
    if Status.NOT_ASSESSED in statuses:
        return "not_compared"
    if statuses == {Status.PRESENT, Status.ABSENT}:
        return "status"
    if first.status in _FOUND and second.status in _FOUND and _sides_differ(concept, first, second):
        return "side"
    return "certainty" if len(statuses) > 1 else "agreed"


def _sides_differ(concept: str, first: OpinionFinding, second: OpinionFinding) -> bool:
    """A side that one of them does not name fits every side."""
    if first.side is None or second.side is None or not vocabulary()[concept].sided:
        return False
    return first.side is not second.side
