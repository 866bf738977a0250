"""Passwords: what is refused, what is stored."""

from __future__ import annotations

import pytest

from prosvet.app.accounts.passwords import MOST, check_password, hash_password, is_right
from prosvet.core.errors import AccountRefused


def test_what_is_stored_is_argon2id_with_a_salt_of_its_own() -> None:
    one, other = hash_password("correct horse"), hash_password("correct horse")
    assert one.startswith("$argon2id$")
    assert one != other
    assert is_right("correct horse", one)
    assert not is_right("correct horsf", one)
    assert not is_right("correct horse", None)
    assert not is_right("correct horse", "no hash at all")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "password_length"),
        ("x" * (MOST + 1), "password_length"),
        ("1212121212", "password_plain"),
        ("Petrova2026", "password_plain"),
    ],
)
def test_a_password_that_is_guessed_at_once_is_refused(password: str, reason: str) -> None:
    with pytest.raises(AccountRefused) as refused:
        check_password("petrova", password)
    assert refused.value.details["reason"] == reason
    assert password not in refused.value.message("en")


def test_a_phrase_of_words_in_russian_is_taken() -> None:
    check_password("petrova", "лошадь верно скрепка")
