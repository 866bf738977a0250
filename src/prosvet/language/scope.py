"""Denial and doubt: which of a sentence's concepts a "no", "нет" or "нельзя исключить" speaks of."""

from __future__ import annotations

from prosvet.core.types import Status
from prosvet.language.clause import Clause, Cue, Hit
from prosvet.language.phrases import lexicon

__all__ = ["is_local_denial", "opens", "statuses"]

_STATUS = {"denial": Status.ABSENT, "doubt": Status.UNCERTAIN, "unread": Status.NOT_ASSESSED}
_BREAKS = ("stop", "contrast", "assertion", "said", "denial", "doubt", "unread")


def statuses(clause: Clause) -> list[Hit]:
    """The concepts of the clause with their status set."""
    scopes = [cue for cue in clause.cues if cue.kind in _STATUS and cue.value != "local"]
    claimed: dict[int, Cue] = {}
    for cue in scopes:
        reach = _forward(clause, cue) if _looks_forward(clause, cue, claimed) else _backward(clause, cue, claimed)
        for index in reach:
            if index not in claimed or _stronger(cue, claimed[index]):
                claimed[index] = cue
    for index, hit in enumerate(clause.matches):
        hit.status = _status(clause, hit, claimed.get(index))
    return list(clause.matches)


def _status(clause: Clause, hit: Hit, cue: Cue | None) -> Status:
    status = _STATUS[cue.kind] if cue else Status.PRESENT
    if status is Status.PRESENT and is_local_denial(clause, hit.first, hit.last):
        status = Status.ABSENT
    if not hit.denies:
        return status
    return {Status.PRESENT: Status.ABSENT, Status.ABSENT: Status.UNCERTAIN}.get(status, status)


def is_local_denial(clause: Clause, first: int, last: int) -> bool:
    """Whether a bare "не" or "not" stands right before or between the words `first` to `last`."""
    return any(cue.kind == "denial" and cue.value == "local" and first - 1 <= cue.first <= last for cue in clause.cues)


def _stronger(cue: Cue, than: Cue) -> bool:
    # Two cues on one concept: "нет данных, позволяющих исключить": the nearer has been read later and wins,
    # but a doubt never softens a plain denial that was there before it.
    return not (than.kind == "denial" and cue.kind == "doubt")


def _looks_forward(clause: Clause, cue: Cue, claimed: dict[int, Cue]) -> bool:
    if cue.value in ("forward", "backward"):
        return cue.value == "forward" or not any(
            hit.last < cue.first and clause.block[hit.last] == clause.block[cue.first] for hit in clause.matches
        )
    before = _before(clause, cue)
    if before is None:
        return not _resumes(clause, cue)
    return before in claimed and claimed[before].kind == "denial"


def _resumes(clause: Clause, cue: Cue) -> bool:
    """Whether the cue takes up what stood before a clause set off by commas: "изменений, ..., не выявлено"."""
    segment = clause.segment[cue.first]
    if segment == 0 or any(clause.segment[hit.first] == segment for hit in clause.matches):
        return False
    placed: set[int] = set()
    for other in clause.cues:
        if other.kind in ("side", "place", "zone", "part"):
            placed.update(range(other.first, other.last + 1))
    opening = [i for i in range(cue.first) if clause.segment[i] == segment]
    return all(index in placed or len(clause.tokens[index].stem) <= 2 for index in opening)


def _before(clause: Clause, cue: Cue) -> int | None:
    """The concept just before the cue, in its own part of the sentence and with nothing said of it yet."""
    for index in range(len(clause.matches) - 1, -1, -1):
        hit = clause.matches[index]
        if hit.last < cue.first:
            same = clause.segment[hit.last] == clause.segment[cue.first]
            return index if same and not _broken(clause, hit.last, cue.first) else None
    return None


def _broken(clause: Clause, start: int, end: int) -> bool:
    """Whether another statement begins between two words."""
    parts = any(cue.kind == "part" for cue in clause.cues)  # without one, "displaced" is no statement
    return any(
        start < cue.first < end and cue.kind in _BREAKS and cue.value != "local" and (parts or cue.kind != "said")
        for cue in clause.cues
    )


def _forward(clause: Clause, cue: Cue) -> list[int]:
    reach: list[int] = []
    for index, hit in enumerate(clause.matches):
        if hit.last <= cue.last or hit.first < cue.first:
            continue
        if clause.block[hit.first] != clause.block[cue.last] or _broken(clause, cue.last, hit.first):
            break
        if clause.segment[hit.first] != clause.segment[cue.last] and not _crosses(clause, cue, hit):
            break
        reach.append(index)
    return reach


def _crosses(clause: Clause, cue: Cue, hit: Hit) -> bool:
    """Whether a forward cue reaches over a comma to `hit`."""
    if cue.kind == "unread":
        return True
    if cue.kind == "doubt":
        return opens(clause, cue) and clause.segment[hit.first] == clause.segment[cue.last] + 1
    if hit.nominative:
        return False
    start = next(i for i in range(len(clause.tokens)) if clause.segment[i] == clause.segment[hit.first])
    described = any(start <= c.first <= hit.first and c.kind in ("side", "place", "severity") for c in clause.cues)
    return not described or _closes(clause, cue.last, hit.last)


def opens(clause: Clause, cue: Cue) -> bool:
    """Whether the cue stands apart between commas or before one: "вероятно, пневмония"."""
    follows = cue.last + 1
    return follows < len(clause.tokens) and clause.segment[follows] != clause.segment[cue.last]


def _closes(clause: Clause, start: int, end: int) -> bool:
    """Whether the list between two words is closed by "or": then it is one list."""
    closing = lexicon().closing
    return any(clause.tokens[index].stem in closing for index in range(start, min(end + 4, len(clause.tokens))))


def _backward(clause: Clause, cue: Cue, claimed: dict[int, Cue]) -> list[int]:
    reach: list[int] = []
    end = cue.first
    for index in range(len(clause.matches) - 1, -1, -1):
        hit = clause.matches[index]
        if hit.last >= cue.first:
            continue
        if clause.block[hit.last] != clause.block[cue.first] or _broken(clause, hit.last, end):
            break
        if reach and not _listed(clause, hit, clause.matches[reach[-1]], cue):
            break
        if index in claimed and claimed[index].kind == "denial":
            break
        reach.append(index)
        end = hit.first
    return reach


def _listed(clause: Clause, hit: Hit, after: Hit, cue: Cue) -> bool:
    """Whether `hit` stands in one list with the concept `after` it, which the cue denies."""
    if cue.kind == "doubt":
        return _bare(clause, hit.last, after.first)
    if clause.segment[hit.last] == clause.segment[after.first]:
        return True
    if _asserted(clause, hit) or (hit.nominative and _placed(clause, hit)):
        return False
    return not (hit.nominative and not after.nominative)


def _placed(clause: Clause, hit: Hit) -> bool:
    """Whether the concept's own part of the sentence gives it a place: "справа выпот, ..." stands for itself."""
    segment = clause.segment[hit.first]
    return any(cue.kind in ("side", "place", "zone") and clause.segment[cue.first] == segment for cue in clause.cues)


def _bare(clause: Clause, start: int, end: int) -> bool:
    """Whether only a conjunction stands between two words."""
    joins = lexicon().joins
    return all(clause.tokens[index].stem in joins for index in range(start + 1, end))


def _asserted(clause: Clause, hit: Hit) -> bool:
    """Whether a verb in the concept's own part of the sentence affirms it ("определяется выпот, ...")."""
    return any(
        cue.kind == "assertion" and clause.segment[cue.first] == clause.segment[hit.first] for cue in clause.cues
    )
