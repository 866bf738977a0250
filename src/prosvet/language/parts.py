"""Statements about a part of the chest: "the heart is not enlarged", "синусы свободны", "lungs are clear"."""

from __future__ import annotations

from prosvet.core.types import Status
from prosvet.language.clause import Clause, Cue, Hit
from prosvet.language.scope import is_local_denial, opens
from prosvet.language.vocabulary import cues

__all__ = ["part_statements"]


def part_statements(clause: Clause) -> list[Hit]:
    """Concepts that follow from what is said of parts, with their status."""
    parts = [cue for cue in clause.cues if cue.kind == "part"]
    said = [cue for cue in clause.cues if cue.kind == "said"]
    if not said:
        return []
    if not parts:
        return _of_the_film(clause, said)
    found: list[Hit] = []
    taken: set[int] = set()
    previous: list[Cue] = []
    for number, cue in enumerate(said):
        if number and said[number - 1].first == cue.first:
            subjects = previous
        else:
            subjects = _subjects(clause, parts, cue, said, taken) or (previous if _goes_on(clause, cue) else [])
        for part in subjects:
            taken.add(part.first)
            found.extend(_statement(clause, part, cue))
        previous = subjects
    return found


def _subjects(clause: Clause, parts: list[Cue], cue: Cue, said: list[Cue], taken: set[int]) -> list[Cue]:
    """The parts that the statement is about: those named since the one before it, else those named after it."""
    since = max((other.last for other in said if other.last < cue.first), default=-1)
    inside = [part for part in parts if clause.block[part.first] == clause.block[cue.first]]
    before = [part for part in inside if since < part.first < cue.first and part.first not in taken]
    before = [part for part in before if not _concept_between(clause, part.last, cue.first)]
    if before:
        return before
    until = min((other.first for other in said if other.first > cue.last), default=len(clause.tokens))
    segment = clause.segment[cue.last]
    return [part for part in inside if cue.last < part.first < until and clause.segment[part.first] == segment]


def _concept_between(clause: Clause, start: int, end: int) -> bool:
    return any(start < hit.first and hit.last < end for hit in clause.matches)


def _goes_on(clause: Clause, cue: Cue) -> bool:
    """Whether a second statement about the same parts follows ("не расширена, обычной формы")."""
    return not any(
        hit.last < cue.first and clause.segment[hit.last] == clause.segment[cue.first] for hit in clause.matches
    )


def _statement(clause: Clause, part: Cue, cue: Cue) -> list[Hit]:
    entry = cues().part[part.value]
    field = cues().said[cue.value].of
    first, last = min(part.first, cue.first), max(part.last, cue.last)
    denied = _denied(clause, part, cue)
    claimed = entry.claimed_by(field)
    if claimed is not None:
        status = Status.ABSENT if denied else Status.PRESENT
        return [_hit(clause, claimed, first, last, status)]
    status = Status.UNCERTAIN if denied else Status.ABSENT
    return [_hit(clause, concept, first, last, status) for concept in entry.denied_by(field)]


def _denied(clause: Clause, part: Cue, cue: Cue) -> bool:
    if part.first < cue.first:
        return is_local_denial(clause, part.last + 1, cue.first)
    return is_local_denial(clause, cue.first, cue.first)


def _hit(clause: Clause, concept: str, first: int, last: int, status: Status) -> Hit:
    for cue in clause.cues:
        if cue.kind not in ("doubt", "unread"):
            continue
        apart = clause.segment[last] - clause.segment[cue.last]
        if apart != 0 and not (apart == 1 and opens(clause, cue)):
            continue
        if cue.kind == "unread":
            status = Status.NOT_ASSESSED
        elif status is Status.PRESENT:
            status = Status.UNCERTAIN
    return Hit(concept, first, last, (first, last), status=status)


def _of_the_film(clause: Clause, said: list[Cue]) -> list[Hit]:
    """ "Normal." with no part and no concept named is said of the whole film."""
    first = said[0]
    if clause.matches or cues().said[first.value].of != "normal":
        return []
    denied = is_local_denial(clause, first.first, first.first)
    return [_hit(clause, "normal", first.first, first.last, Status.ABSENT if denied else Status.PRESENT)]
