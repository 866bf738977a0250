"""What counts as this computer: accounts, TLS and pictures that may leave depend on it."""

from __future__ import annotations

import pytest

from prosvet.core.network import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_computer_is_known_by_its_own_addresses(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "10.0.0.1", "localhost.example.org", "127.0.0.1.nip.io"])
def test_whatever_another_machine_could_answer_to_is_not_this_computer(host: str) -> None:
    assert not is_loopback(host)
