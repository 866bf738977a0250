"""Progress: what is written and when, and that a loop ends where it was asked to."""

from __future__ import annotations

import pytest

from prosvet.app.jobs.progress import JobProgress
from prosvet.core.errors import Cancelled


def test_a_step_is_written_at_its_ends_and_not_at_every_item() -> None:
    written: list[tuple[str, int, int | None]] = []

    def write(label: str, done: int, total: int | None) -> bool:
        written.append((label, done, total))
        return False

    progress = JobProgress(write, lambda: False)
    assert list(progress.track(range(1000), "read")) == list(range(1000))
    assert written[0] == ("read", 0, 1000)
    assert written[-1] == ("read", 1000, 1000)
    assert len(written) < 20


@pytest.mark.parametrize("why", ["asked", "stopping"])
def test_a_loop_ends_at_the_item_after_it_was_asked_to(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prosvet.app.jobs.progress._EVERY", 0.0)
    seen: list[int] = []

    def now() -> bool:
        return len(seen) >= 3

    progress = JobProgress(lambda *_: why == "asked" and now(), lambda: why == "stopping" and now())
    with pytest.raises(Cancelled):
        for item in progress.track(iter(range(10)), "read"):
            seen.append(item)
    assert seen == [0, 1, 2]
