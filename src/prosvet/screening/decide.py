"""One study: normal (released), refer, or abstain with the reason. No words, no database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from prosvet.core.types import Gates, View
from prosvet.screening.calibrations import Calibration
from prosvet.screening.confidence.facts import Facts, Row
from prosvet.screening.confidence.rule import Rule
from prosvet.screening.known import LEAST, distance

__all__ = ["REASONS", "TRANSIENT", "Decision", "Outcome", "Reason", "Seen", "decide", "early"]

Outcome = Literal["normal", "refer", "abstain"]
Reason = Literal[
    "line_stopped", "no_calibration", "model_differs", "no_film", "unreadable", "not_chest_xray", "unknown_view",
    "lateral", "inverted", "rotated", "child", "age_unknown", "quality", "anatomy", "not_known", "distance", "unsure",
]  # fmt: skip
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a study is not decided on, in the order in which they are looked for."""
TRANSIENT: frozenset[Reason] = frozenset({"line_stopped", "no_calibration", "model_differs", "unreadable"})
"""Reasons that lie in us and not in the study: the next run decides anew."""


@dataclass(frozen=True)
class Seen:
    """What is known of one film.

    Attributes
    ----------
    gates : Gates or None
        None where the film was never examined.
    view : View
        As the networks saw it or the source states it; a side view of either kind is one.
    anatomy : bool or None
        Lungs and heart were all found; None where they were not looked for.
    scores : mapping
        Of every concept, where the film was examined.
    """

    gates: Gates | None
    view: View
    score: float | None
    vector: NDArray[np.float32] | None = None
    anatomy: bool | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """The outcome with what it rests on; ``score`` is the highest, ``distance`` the greatest of the study's films.

    ``unsure`` is the greatest of what the calibration's rule says of them, where it has one.
    """

    outcome: Outcome
    reason: Reason | None = None
    score: float | None = None
    distance: float | None = None
    detail: str = ""
    unsure: float | None = None


def early(age: float | None, films: Sequence[Seen], calibration: Calibration) -> Decision | None:
    """What the archive alone decides: a gate that fails, or a score that refers; None for what may be released."""
    reason = next(_gates(age, films, calibration), None)
    score = _score(films, calibration)
    if reason is not None:
        return Decision("abstain", reason, score)
    if score is not None and score >= calibration.threshold:
        return Decision("refer", None, score)
    return None


def decide(
    age: float | None, films: Sequence[Seen], calibration: Calibration, known: NDArray[np.float32]
) -> Decision:  # fmt: skip
    """The decision on films that were all examined now, with anatomy.

    Only a study none of whose films gives a reason to abstain or to refer is normal.
    """
    first = early(age, films, calibration)
    if first is not None:
        return first
    frontal, policy = _frontal(films, calibration), calibration.policy
    score = _score(films, calibration)
    if score is None or not frontal or any(film.score is None or film.vector is None for film in frontal):
        return Decision("abstain", "unreadable", score)
    caution = sorted({why for film in frontal if film.gates for why in film.gates.quality})
    if caution and policy.quality == "abstain":
        return Decision("abstain", "quality", score, detail=", ".join(caution))
    if not all(film.anatomy for film in frontal):
        return Decision("abstain", "anatomy", score)
    if calibration.distance_limit is None or len(known) < LEAST:
        return Decision("abstain", "not_known", score)
    far = max(distance(film.vector, known) for film in frontal if film.vector is not None)
    if far > calibration.distance_limit:
        return Decision("abstain", "distance", score, far)
    rule = calibration.rule
    if rule is None:
        return Decision("normal", None, score, far)
    doubt = _unsure(age, frontal, rule)
    if not doubt < rule.limit:
        return Decision("abstain", "unsure", score, far, unsure=doubt)
    return Decision("normal", None, score, far, unsure=doubt)


def _unsure(age: float | None, films: Sequence[Seen], rule: Rule) -> float:
    """The greatest of the films'; the worst film, by which the rule was calibrated, is one of them."""
    rows = [Row(film.score or 0.0, film.scores, film.vector, film.gates, age) for film in films]
    return float(rule.unsure(Facts.of(rows, rule.design.names)).max())


def _frontal(films: Sequence[Seen], calibration: Calibration) -> list[Seen]:
    """The films that count; side views are left out only where the policy accepts them."""
    if calibration.policy.lateral == "abstain":
        return list(films)
    return [film for film in films if film.view is not View.LATERAL]


def _score(films: Sequence[Seen], calibration: Calibration) -> float | None:
    scores = [film.score for film in films if film.score is not None and film.view is not View.LATERAL]
    return max(scores, default=None)


def _gates(age: float | None, films: Sequence[Seen], calibration: Calibration) -> Iterator[Reason]:
    policy, counted = calibration.policy, _frontal(films, calibration)
    if not counted:
        yield "no_film" if not films else "lateral"
    for film in counted:
        gates = film.gates
        if gates is None:
            continue  # not examined yet: nothing is known of it, and it cannot be released without being examined
        if not gates.is_chest_xray:
            yield "not_chest_xray"
        elif View.LATERAL in (film.view, gates.view):
            yield "lateral"
        elif gates.view is View.UNKNOWN:
            yield "unknown_view"
        if gates.inverted and policy.repaired == "abstain":
            yield "inverted"
        if gates.rotated and policy.repaired == "abstain":
            yield "rotated"
    if age is None and policy.unknown_age == "abstain":
        yield "age_unknown"
    if age is not None and age < policy.min_age:
        yield "child"
