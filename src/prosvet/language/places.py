"""Side, zone and severity: each word of place goes to the nearest concept of its part of the sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prosvet.core.types import Side, Zone
from prosvet.language.clause import Clause, Cue, Hit

__all__ = ["Place", "attach"]


_GENERAL = ("abnormal", "normal")


@dataclass(slots=True)
class Place:
    """What is known of a mention's place and size."""

    side: Side | None = None
    zone: Zone | None = None
    severity: str | None = None

    def take(self, cue: Cue) -> None:
        """Add what `cue` says; two sides make both, "diffuse" outdoes a single zone."""
        if cue.kind in ("side", "place"):
            side = Side(cue.value)
            self.side = side if self.side in (None, side, Side.MIDLINE) else Side.BILATERAL
        elif cue.kind == "zone":
            if self.zone is None or cue.value == Zone.DIFFUSE:
                self.zone = Zone(cue.value)
        elif self.severity is None:
            self.severity = cue.value


def attach(clause: Clause, hits: list[Hit]) -> Iterator[tuple[Hit, Place]]:
    """Each hit with its place."""
    places = [Place() for _ in hits]
    leading: dict[int, Cue] = {}
    previous: Cue | None = None
    targets: list[int] = []
    for cue in clause.cues:
        if cue.kind not in ("side", "place", "zone", "severity"):
            continue
        if previous is None or not _one_expression(clause, previous, cue):
            targets = _nearest(clause, hits, cue)
        previous = cue
        for index in targets:
            places[index].take(cue)
            if cue.kind == "place":
                leading.setdefault(index, cue)
    for index, cue in leading.items():
        _spread(clause, hits, places, index, cue)
    return zip(hits, places, strict=True)


def _one_expression(clause: Clause, cue: Cue, after: Cue) -> bool:
    """Whether two words of place touch: "right upper zone", "справа в верхних отделах"."""
    touching = after.first - cue.last <= 1 or (
        after.first - cue.last == 2 and len(clause.tokens[cue.last + 1].stem) <= 2
    )
    return touching and "severity" not in (cue.kind, after.kind) and cue.kind != after.kind


def _nearest(clause: Clause, hits: list[Hit], cue: Cue) -> list[int]:
    """Indices of the hits nearest to the cue: several when they share their words."""
    # "Изменения в правом лёгком подозрительны на пневмонию": the place is that of the named finding
    named = [i for i, hit in enumerate(hits) if hit.concept not in _GENERAL]
    for levels in (clause.segment, clause.block):
        inside = [i for i in named or range(len(hits)) if _in_level(levels, hits[i], cue)]
        if inside:
            best = min(_distance(hits[i], cue) for i in inside)
            return [i for i in inside if _distance(hits[i], cue) == best]
    return []


def _in_level(levels: list[int], hit: Hit, cue: Cue) -> bool:
    return levels[hit.first] <= levels[cue.first] <= levels[hit.last]


def _distance(hit: Hit, cue: Cue) -> float:
    if hit.first <= cue.first and cue.last <= hit.last:
        return 0.0
    if cue.last < hit.first:
        # An adjective stands before its noun, "справа" as well after it.
        return hit.first - cue.last + (0.25 if cue.kind == "place" else 0.0)
    return cue.first - hit.last + (0.0 if cue.kind == "place" else 0.25)


def _spread(clause: Clause, hits: list[Hit], places: list[Place], index: int, cue: Cue) -> None:
    """An expression of place governs the list that it begins or ends: "справа выпот и ателектаз"."""
    step = 1 if cue.last < hits[index].first else -1
    here = index
    while 0 <= here + step < len(hits):
        there = here + step
        low, high = sorted((here, there))
        if places[there].side is not None or not _joined(clause, hits[low], hits[high]):
            return
        places[there].take(cue)
        here = there


def _joined(clause: Clause, hit: Hit, after: Hit) -> bool:
    """Whether nothing but "and" and modifiers stands between two concepts of one part of the sentence."""
    if clause.segment[hit.last] != clause.segment[after.first]:
        return False
    covered: set[int] = set()
    for cue in clause.cues:
        if cue.kind in ("join", "zone", "severity", "assertion"):
            covered.update(range(cue.first, cue.last + 1))
    return all(index in covered for index in range(hit.last + 1, after.first))
