"""Sessions: kept as hashes, ended by idleness and by age."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prosvet.app.accounts.people import People
from prosvet.app.accounts.sessions import Sessions
from prosvet.archive.schema_app import SignedIn
from prosvet.archive.store import Store
from prosvet.core.actor import Actor

from .conftest import PASSWORD, Clock


@pytest.fixture
def sessions(store: Store, clock: Clock) -> Sessions:
    People(store, clock).add("ivanov", "reader", "", PASSWORD)
    return Sessions(store, clock)


def _rows(store: Store) -> list[tuple[str, ...]]:
    with store.read() as db:
        return [tuple(row) for row in db.execute(select(SignedIn.key, SignedIn.seen))]


def test_the_secret_is_not_in_the_table(sessions: Sessions, store: Store) -> None:
    secret = sessions.start("ivanov")
    assert len(secret) == 43
    assert sessions.find(secret) == Actor("ivanov", "reader")
    assert sessions.find(_rows(store)[0][0]) is None
    assert sessions.find(secret + "x") is None
    assert all(secret not in str(row) for row in _rows(store))


def test_a_new_session_takes_the_place_of_the_browsers_old_one(sessions: Sessions) -> None:
    first = sessions.start("ivanov")
    second = sessions.start("ivanov", instead_of=first)
    assert first != second
    assert sessions.find(first) is None
    assert sessions.find(second) is not None


def test_half_an_hour_without_a_request_ends_it(sessions: Sessions, clock: Clock) -> None:
    secret = sessions.start("ivanov")
    for _ in range(4):
        clock.go(minutes=29)
        assert sessions.find(secret) is not None
        sessions._writer.submit(int).result()  # what was to be noted has been
    clock.go(minutes=31)
    assert sessions.find(secret) is None


def test_twelve_hours_end_it_however_busy_it_is(sessions: Sessions, clock: Clock) -> None:
    secret = sessions.start("ivanov")
    for _ in range(36):
        clock.go(minutes=20)
        assert sessions.find(secret) is not None
        sessions._writer.submit(int).result()
    clock.go(minutes=1)
    assert sessions.find(secret) is None


def test_a_busy_minute_is_one_write(sessions: Sessions, store: Store, clock: Clock) -> None:
    secret = sessions.start("ivanov")
    before = _rows(store)
    for _ in range(50):
        clock.go(seconds=1)
        sessions.find(secret)
    sessions._writer.submit(int).result()
    assert _rows(store) == before


def test_those_that_have_ended_leave_the_table(sessions: Sessions, store: Store, clock: Clock) -> None:
    sessions.start("ivanov")
    clock.go(hours=1)
    sessions.start("ivanov")
    assert len(_rows(store)) == 1


def test_a_role_changes_at_once(sessions: Sessions, store: Store) -> None:
    secret = sessions.start("ivanov")
    People(store).change("ivanov", role="senior")
    assert sessions.find(secret) == Actor("ivanov", "senior")
