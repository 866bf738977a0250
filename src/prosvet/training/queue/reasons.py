"""Why a film is to be marked: a literal table of reasons, what each is worth, and which are read blind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from prosvet.core.types import Frozen, Probability

__all__ = ["KINDS", "Kind", "KindRule", "Why", "weight_of"]

Kind = Literal["random", "miss", "disagreement", "abstention", "odd", "uncertain", "far"]


@dataclass(frozen=True, slots=True)
class KindRule:
    """``worth`` (0..1): the weight of the strongest reason of this kind; ``blind``: it is an audit."""

    worth: float
    blind: bool
    why: str


KINDS: dict[Kind, KindRule] = {
    "random": KindRule(1.0, True, "drawn by chance: only these tell the error rate without bias"),
    "miss": KindRule(1.0, True, "a released film in which the blind audit found something: a proved error"),
    "disagreement": KindRule(0.9, False, "the record and the model contradict each other: one of them is wrong"),
    "uncertain": KindRule(0.7, False, "the score lies about the operating point"),
    "abstention": KindRule(0.6, False, "screening would not decide on it"),
    "odd": KindRule(0.6, False, "one of the films that set off an alarm of monitoring"),
    "far": KindRule(0.5, False, "unlike what the archive holds: the model may know nothing of it"),
}


class Why(Frozen):
    """One reason. ``strength`` orders films within a kind; the other facts are those that the kind has.

    Attributes
    ----------
    concept : str or None
        The finding in question.
    detail : str or None
        Kind of disagreement, reason of the abstention, verdict of the audit, cause of the alarm.
    value, limit : float or None
        Score and threshold, or distance and the distance above which two films in a hundred lie.
    """

    kind: Kind
    strength: Probability
    concept: str | None = None
    detail: str | None = Field(default=None, max_length=200)
    value: float | None = None
    limit: float | None = None


def weight_of(why: Why) -> float:
    """What a reason adds to a film's weight: at least half of what its kind is worth."""
    return KINDS[why.kind].worth * (0.5 + 0.5 * why.strength)
