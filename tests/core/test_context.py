from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Self, TypeVar

from prosvet.core.context import Context
from prosvet.core.progress import SilentProgress
from prosvet.core.settings import load_settings

T = TypeVar("T")


class Clock:
    """A service that counts how often it was built and closed."""

    built = closed = 0

    def __init__(self, threads: int) -> None:
        self.threads = threads

    @classmethod
    def from_context(cls, context: Context) -> Self:
        cls.built += 1
        return cls(context.settings.threads)

    def close(self) -> None:
        type(self).closed += 1


def test_a_service_is_built_once_with_the_settings_and_closed_with_the_context() -> None:
    Clock.built = Clock.closed = 0
    with Context(load_settings({}, threads=3)) as context:
        assert context.get(Clock) is context.get(Clock)
        assert context.get(Clock).threads == 3
    assert (Clock.built, Clock.closed) == (1, 1)


def test_contexts_share_nothing() -> None:
    with Context(load_settings({})) as one, Context(load_settings({})) as other:
        assert one.get(Clock) is not other.get(Clock)


def test_progress_is_silent_unless_given() -> None:
    class Counting:
        seen = 0

        def track(self, items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
            for item in items:
                self.seen += 1
                yield item

    assert list(SilentProgress().track([1, 2], "read")) == [1, 2]
    counting = Counting()
    assert list(Context(load_settings({}), counting).progress.track("ab", "read")) == ["a", "b"]
    assert counting.seen == 2
