"""The lock after wrong passwords, on a clock of its own."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from prosvet.app.accounts import attempts as module
from prosvet.app.accounts.attempts import Attempts
from prosvet.archive.schema_app import Attempt
from prosvet.archive.store import Store
from prosvet.core.errors import TooManyAttempts

from .conftest import Clock


def _fail(attempts: Attempts, count: int, name: str = "petrova", address: str = "192.0.2.1") -> None:
    for _ in range(count):
        attempts.begin(name, address)


def test_the_fifth_failure_locks_and_the_delay_grows(store: Store, clock: Clock) -> None:
    attempts = Attempts(store, clock)
    _fail(attempts, 5)
    waits = []
    for _ in range(8):
        with pytest.raises(TooManyAttempts):
            attempts.begin("petrova", "192.0.2.1")
        waited = 0
        while True:
            clock.go(seconds=10)
            waited += 10
            try:
                attempts.begin("petrova", "192.0.2.1")
            except TooManyAttempts:
                continue
            break
        waits.append(waited)
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_a_locked_name_is_locked_from_everywhere_and_others_are_not(store: Store, clock: Clock) -> None:
    attempts = Attempts(store, clock)
    _fail(attempts, 5)
    with pytest.raises(TooManyAttempts):
        attempts.begin("petrova", "198.51.100.9")
    attempts.begin("ivanov", "192.0.2.1")


def test_an_address_is_locked_after_twenty_names(store: Store, clock: Clock) -> None:
    attempts = Attempts(store, clock)
    for number in range(20):
        attempts.begin(f"name{number}", "2001:db8::1")
    with pytest.raises(TooManyAttempts):
        attempts.begin("another", "2001:db8::2")  # the same /64
    attempts.begin("another", "2001:db8:0:1::2")


def test_success_opens_the_name_and_takes_one_failure_off_the_address(store: Store, clock: Clock) -> None:
    attempts = Attempts(store, clock)
    for number in range(19):
        attempts.begin(f"name{number}", "192.0.2.1")
    attempts.begin("petrova", "192.0.2.1")
    attempts.succeed("petrova", "192.0.2.1")
    attempts.begin("ivanov", "192.0.2.1")
    with pytest.raises(TooManyAttempts):
        attempts.begin("orlova", "192.0.2.1")


def test_a_restart_forgives_nothing_and_a_day_forgives_all(store: Store, clock: Clock) -> None:
    _fail(Attempts(store, clock), 5)
    with pytest.raises(TooManyAttempts):
        Attempts(Store(store.home), clock).begin("petrova", "192.0.2.1")
    clock.go(days=1, minutes=1)
    _fail(Attempts(store, clock), 4)


def test_the_table_stays_bounded(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_ROWS", 100)
    attempts = Attempts(store, clock)
    with store.note() as db:
        db.execute(insert(Attempt), [{"key": str(n), "failures": 1, "last": clock(), "until": None} for n in range(99)])
    for number in range(30):
        clock.go(seconds=1)
        attempts.begin(f"name{number}", f"192.0.2.{number}")
    with store.read() as db:
        assert db.execute(select(func.count()).select_from(Attempt)).scalar_one() <= 102
