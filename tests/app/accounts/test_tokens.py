"""Tokens: shown once, kept as hashes, limited by scope and time."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prosvet.app.accounts.people import People
from prosvet.app.accounts.tokens import Tokens
from prosvet.archive.schema_app import Token
from prosvet.archive.store import Store
from prosvet.core.errors import AccountRefused, NotFound

from .conftest import PASSWORD, Clock


@pytest.fixture
def tokens(store: Store, clock: Clock) -> Tokens:
    people = People(store, clock)
    people.add("ivanov", "reader", "", PASSWORD)
    people.add("petrova", "admin", "", PASSWORD)
    return Tokens(store, clock)


def test_the_secret_is_told_once_and_kept_as_a_hash(tokens: Tokens, store: Store) -> None:
    made, secret = tokens.make("ivanov", "export", ("write", "read"), 30)
    assert secret.startswith("prosvet_")
    with store.read() as db:
        stored = str(db.execute(select(Token.__table__)).all())
    assert secret not in stored
    assert secret.removeprefix("prosvet_") not in stored
    assert made.scope == ("read", "write")
    assert tokens.of("ivanov") == (made,)


def test_it_is_good_until_its_day_and_until_it_is_revoked(tokens: Tokens, clock: Clock) -> None:
    _, short = tokens.make("ivanov", "short", ("read",), 30)
    made, endless = tokens.make("ivanov", "endless", ("read",), None)
    clock.go(days=31)
    assert tokens.find(short) is None
    assert tokens.find(endless) is not None
    assert tokens.of("ivanov")[0].used is not None or tokens.of("ivanov")[1].used is not None
    tokens.revoke("ivanov", made.id)
    assert tokens.find(endless) is None
    with pytest.raises(NotFound):
        tokens.revoke("ivanov", made.id)


def test_another_accounts_token_is_not_found(tokens: Tokens) -> None:
    made, _ = tokens.make("ivanov", "export", ("read",), 30)
    with pytest.raises(NotFound):
        tokens.revoke("petrova", made.id)


def test_an_admin_without_the_scope_is_a_senior(tokens: Tokens) -> None:
    _, plain = tokens.make("petrova", "plain", ("read", "write"), 30)
    _, whole = tokens.make("petrova", "whole", ("read", "admin"), 30)
    assert [tokens.find(secret).actor.role for secret in (plain, whole)] == ["senior", "admin"]  # type: ignore[union-attr]


def test_nobody_gives_away_more_than_they_have(tokens: Tokens) -> None:
    with pytest.raises(AccountRefused) as refused:
        tokens.make("ivanov", "too much", ("admin",), 30)
    assert refused.value.details["reason"] == "scope_above_role"
    tokens.make("ivanov", "twice", ("read",), 30)
    with pytest.raises(AccountRefused) as refused:
        tokens.make("ivanov", "twice", ("read",), 30)
    assert refused.value.details["reason"] == "token_taken"
