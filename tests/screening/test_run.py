"""A real film through the line: released where everything holds, and never on a line that is stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from prosvet.archive.filters import StudyFilter
from prosvet.archive.store import Store
from prosvet.core.context import Context
from prosvet.core.errors import InvalidRequest, NotFound
from prosvet.imaging.load import load_bytes
from prosvet.models.examine import Examiner
from prosvet.screening.audit_api import AuditRequest
from prosvet.screening.audit_api import run as audit
from prosvet.screening.calibrations import Calibration
from prosvet.screening.known import limit_of
from prosvet.screening.line import open_line, stop
from prosvet.screening.line_api import LineRequest
from prosvet.screening.line_api import run as show
from prosvet.screening.policy import Policy
from prosvet.screening.run_api import ScreenRequest, ScreenResult, run


@pytest.fixture
def film(shared_data: Path) -> Path:
    """A whole, frontal film at the size it was published in."""
    return sorted((shared_data / "fullsize").rglob("*.png"))[0]


Around = Callable[..., Calibration]


@pytest.fixture
def around(film: Path, context: Context, studies: list[str], calibrated: Around) -> Around:
    """``around(threshold=...)``: a calibration whose known films are close to the film, repeated over the studies."""

    def make(threshold: float = 1.1, spread: float = 0.01, **more: object) -> Calibration:
        vector = context.get(Examiner).examine(load_bytes(film.read_bytes(), "f", context.settings)).vector
        assert vector is not None
        random = np.random.default_rng(0)
        near = vector + spread * random.normal(size=(len(studies), 512)).astype(np.float32)
        near /= np.linalg.norm(near, axis=1, keepdims=True)
        policy = Policy(unknown_age="accept", quality="accept", lateral="accept")
        known = dict(zip(studies, near, strict=True))
        limit = more.pop("limit", limit_of(near, 1.0) * 1.5)
        return calibrated(threshold=threshold, policy=policy, known=known, limit=limit, **more)

    return make


@pytest.fixture(autouse=True)
def fewer_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty studies stand for the fifty that are asked for."""
    monkeypatch.setattr("prosvet.screening.decide.LEAST", 20)


def screen(film: Path, context: Context) -> ScreenResult:
    return run(ScreenRequest(paths=(film,)), context)


def test_nothing_is_released_before_the_line_is_opened(film: Path, around: Around, context: Context) -> None:
    around()
    found = screen(film, context)
    assert (found.released, found.open) == (0, False) and found.abstained == {"no_calibration": 1} and found.notice


def test_a_film_is_released_once_with_its_proof(film: Path, around: Around, context: Context) -> None:
    chosen = around()
    open_line(context, "local", "petrova", "looked", audit_share=1.0)
    found = screen(film, context)
    assert (found.released, found.notice) == (1, "")
    decided = found.decisions[0]
    assert (
        decided.outcome == "normal"
        and decided.distance is not None
        and decided.distance <= (chosen.distance_limit or 0)
    )
    assert "1 %" in decided.words and "95 %" in decided.words
    again = screen(film, context)
    assert (again.released, again.skipped, again.decisions) == (0, 1, ())
    assert audit(AuditRequest(), context).queue[0].study == decided.study
    assert show(LineRequest(), context).today.released == 1
    assert '"screen_normal"' in (context.settings.home / "audit.jsonl").read_text()


def test_a_stopped_line_releases_nothing_and_an_opened_one_decides_anew(
    film: Path, around: Around, context: Context
) -> None:
    around()
    open_line(context, "local", "petrova", "looked")
    stop(context, "local", "drift", "monitor")
    found = screen(film, context)
    assert found.released == 0 and found.abstained == {"line_stopped": 1}
    assert "тревогу" in found.notice
    open_line(context, "local", "petrova", "looked again")
    assert screen(film, context).released == 1


def test_a_stop_between_the_look_and_the_release_wins(
    film: Path, around: Around, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    around()
    open_line(context, "local", "petrova", "looked")
    examine = Examiner.examine

    def slow(self: Examiner, *given: object, **more: object) -> object:
        found = examine(self, *given, **more)  # type: ignore[arg-type]
        stop(context, "local", "by_hand", "ivanov")
        return found

    monkeypatch.setattr(Examiner, "examine", slow)
    found = screen(film, context)
    assert (found.open, found.released) == (True, 0) and found.abstained == {"line_stopped": 1} and found.notice


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({"threshold": 0.0}, "refer", None),
        ({"model": "compact@1999.1.1"}, "abstain", "model_differs"),
        ({"limit": 1e-6}, "abstain", "distance"),
        ({"limit": None}, "abstain", "not_known"),
    ],
)
def test_what_does_not_hold_is_not_released(
    changes: dict[str, object], outcome: str, reason: str | None, film: Path, around: Around, context: Context
) -> None:
    around(**changes)
    open_line(context, "local", "petrova", "looked")
    found = screen(film, context).decisions[0]
    assert (found.outcome, found.reason) == (outcome, reason)


def test_studies_of_the_archive_are_named_or_none_are(context: Context, studies: list[str], around: Around) -> None:
    around()
    open_line(context, "local", "petrova", "looked")
    found = run(ScreenRequest(filters=StudyFilter(), limit=5), context)
    assert found.abstained == {"no_film": 5} and found.skipped == 0
    assert run(ScreenRequest(filters=StudyFilter(studies=tuple(studies[:7]))), context).skipped == 5
    with pytest.raises(NotFound):
        run(ScreenRequest(filters=StudyFilter(studies=("S99",))), context)
    with pytest.raises(InvalidRequest):
        run(ScreenRequest(), context)
    with pytest.raises(NotFound):
        run(ScreenRequest(paths=(Path("nowhere"),)), context)
    assert context.get(Store).counts().studies == len(studies)
