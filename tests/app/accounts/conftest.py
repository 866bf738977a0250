"""An archive of one's own, and a clock that goes only when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from prosvet.app.accounts import passwords
from prosvet.archive.store import Store

PASSWORD = "correct horse battery"


class Clock:
    """A moment, moved by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 8)

    def __call__(self) -> datetime:
        return self.moment

    def go(self, **parts: float) -> None:
        self.moment += timedelta(**parts)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(own_home: Path) -> Iterator[Store]:
    made = Store(own_home)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Real argon2id with small parameters, but where the parameters are what is tested."""
    if request.module.__name__.rpartition(".")[2] != "test_passwords":
        monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
