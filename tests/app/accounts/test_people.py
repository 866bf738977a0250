"""Accounts in the table: names, the last admin, what ends with what."""

from __future__ import annotations

import pytest

from prosvet.app.accounts.people import People
from prosvet.app.accounts.sessions import Sessions
from prosvet.app.accounts.tokens import Tokens
from prosvet.archive.store import Store
from prosvet.core.errors import AccountRefused, NotFound

from .conftest import PASSWORD


@pytest.fixture
def people(store: Store) -> People:
    made = People(store)
    made.add("petrova", "admin", "Петрова А. С.", PASSWORD)
    made.add("ivanov", "reader", "", PASSWORD)
    return made


def test_accounts_come_by_name_without_their_passwords(people: People) -> None:
    assert [(person.name, person.full_name, person.role) for person in people.all()] == [
        ("ivanov", "ivanov", "reader"),
        ("petrova", "Петрова А. С.", "admin"),
    ]
    assert "argon2" not in str(people.all())


@pytest.mark.parametrize("name", ["Petrova", "п", "local", "a", "../x", "ivanov", "x" * 33, "<b>x</b>", "a\n"])
def test_a_name_that_is_taken_reserved_or_misspelt_is_refused(people: People, name: str) -> None:
    with pytest.raises(AccountRefused):
        people.add(name, "reader", "", PASSWORD)
    assert len(people.all()) == 2


def test_the_last_admin_stays(people: People) -> None:
    for change in ({"role": "senior"}, {"active": False}):
        with pytest.raises(AccountRefused) as refused:
            people.change("petrova", **change)
        assert refused.value.details["reason"] == "last_admin"
    people.change("ivanov", role="admin")
    assert people.change("petrova", role="reader").role == "reader"


def test_a_closed_account_has_nothing_left_and_its_name_is_nobody_elses(people: People, store: Store) -> None:
    sessions = Sessions(store)
    secret = sessions.start("ivanov")
    _, token = Tokens(store).make("ivanov", "export", ("read",), None)
    people.change("ivanov", active=False)
    assert sessions.find(secret) is None
    assert Tokens(store).find(token) is None
    assert people.stored_password("ivanov") is None
    with pytest.raises(AccountRefused):
        people.add("ivanov", "reader", "", PASSWORD)
    people.change("ivanov", active=True)
    assert sessions.find(secret) is None


def test_a_new_password_ends_every_session(people: People, store: Store) -> None:
    sessions, tokens = Sessions(store), Tokens(store)
    secrets = [sessions.start("ivanov") for _ in range(3)]
    other = sessions.start("petrova")
    _, token = tokens.make("ivanov", "export", ("read",), None)
    people.set_password("ivanov", "another good phrase", tokens_too=False)
    assert [sessions.find(secret) for secret in secrets] == [None] * 3
    assert sessions.find(other) is not None
    assert tokens.find(token) is not None
    people.set_password("ivanov", "a third good phrase", tokens_too=True)
    assert tokens.find(token) is None


def test_an_unknown_account_is_not_found(people: People) -> None:
    with pytest.raises(NotFound):
        people.change("nobody", role="admin")
