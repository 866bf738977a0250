"""Never normal when anything stands against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from prosvet.core.types import Gates, View
from prosvet.screening.calibrations import Calibration
from prosvet.screening.decide import Seen, decide
from prosvet.screening.known import distance, limit_of
from prosvet.screening.policy import Policy

GATES = Gates(
    is_chest_xray=True, chest_xray_probability=0.99, view=View.FRONTAL, lateral_probability=0.01, inverted=False,
    inverted_probability=0.01, rotated=0,
)  # fmt: skip


def unit(matrix: np.ndarray) -> np.ndarray:
    return (matrix / np.linalg.norm(matrix, axis=-1, keepdims=True)).astype(np.float32)


RANDOM = np.random.default_rng(0)
CENTRE = unit(RANDOM.normal(size=512))
KNOWN = unit(CENTRE + 0.02 * RANDOM.normal(size=(80, 512)))
GOOD = Seen(GATES, View.FRONTAL, 0.1, CENTRE, True)


@pytest.fixture
def chosen(calibrated: Callable[..., Calibration]) -> Calibration:
    return calibrated(threshold=0.3, limit=limit_of(KNOWN, 0.99))


def test_a_good_film_below_the_threshold_is_normal_with_its_distance(chosen: Calibration) -> None:
    found = decide(50.0, [GOOD], chosen, KNOWN)
    assert (found.outcome, found.reason, found.score) == ("normal", None, 0.1)
    assert found.distance == pytest.approx(distance(CENTRE, KNOWN))


def test_a_score_at_the_threshold_or_above_is_referred_and_the_worst_film_counts(chosen: Calibration) -> None:
    for score in (0.3, 0.9):
        assert decide(50.0, [GOOD, replace(GOOD, score=score)], chosen, KNOWN).outcome == "refer"


def gated(**changes: object) -> Seen:
    return replace(GOOD, gates=GATES.model_copy(update=changes))


@pytest.mark.parametrize(
    ("films", "age", "reason"),
    [
        ([], 50.0, "no_film"),
        ([gated(is_chest_xray=False, view=View.UNKNOWN)], 50.0, "not_chest_xray"),
        ([gated(view=View.UNKNOWN)], 50.0, "unknown_view"),
        ([gated(view=View.LATERAL)], 50.0, "lateral"),
        ([GOOD, replace(GOOD, view=View.LATERAL, score=None)], 50.0, "lateral"),
        ([gated(inverted=True)], 50.0, "inverted"),
        ([gated(rotated=90)], 50.0, "rotated"),
        ([gated(quality=("cut_lungs",))], 50.0, "quality"),
        ([GOOD], 17.9, "child"),
        ([GOOD], None, "age_unknown"),
        ([replace(GOOD, anatomy=False)], 50.0, "anatomy"),
        ([replace(GOOD, anatomy=None)], 50.0, "anatomy"),
        ([replace(GOOD, score=None)], 50.0, "unreadable"),
        ([replace(GOOD, vector=-CENTRE)], 50.0, "distance"),
        ([replace(GOOD, vector=unit(RANDOM.normal(size=512)))], 50.0, "distance"),
        ([replace(GOOD, gates=None, score=None)], 50.0, "unreadable"),
    ],
)
def test_what_stands_against_a_release_is_named(
    films: list[Seen], age: float | None, reason: str, chosen: Calibration
) -> None:
    found = decide(age, films, chosen, KNOWN)
    assert (found.outcome, found.reason) == ("abstain", reason)


def test_without_known_films_nothing_is_normal(chosen: Calibration) -> None:
    assert decide(50.0, [GOOD], chosen, KNOWN[:49]).reason == "not_known"
    assert decide(50.0, [GOOD], chosen.model_copy(update={"distance_limit": None}), KNOWN).reason == "not_known"


def test_a_loosened_gate_lets_through_only_what_it_names(chosen: Calibration) -> None:
    loose = chosen.model_copy(update={"policy": Policy(unknown_age="accept", lateral="accept", quality="accept")})
    side = replace(GOOD, view=View.LATERAL, score=None, gates=GATES.model_copy(update={"view": View.LATERAL}))
    assert decide(None, [GOOD, side], loose, KNOWN).outcome == "normal"
    assert decide(None, [side], loose, KNOWN).reason == "lateral"
    assert decide(None, [gated(quality=("clipped",))], loose, KNOWN).outcome == "normal"
    assert decide(None, [gated(inverted=True)], loose, KNOWN).reason == "inverted"
