"""`prosvet accounts`, and `prosvet serve` on an address that others reach."""

from __future__ import annotations

import io

import pytest
import uvicorn
from outcome import Cli

from .conftest import PASSWORD


def _type(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(words))


def test_add_list_change_remove(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _type(f"{PASSWORD}\n", monkeypatch)
    added = cli("accounts", "add", "petrova", "--role", "admin", "--full-name", "Петрова А. С.")
    assert added.status == 0
    assert "администратор" in added.out
    assert "Петрова А. С." in cli("accounts", "list").out
    changed = cli("accounts", "change", "petrova", "--full-name", "Petrova", "--json").result
    assert changed["accounts"][0]["full_name"] == "Petrova"
    refused = cli("accounts", "remove", "petrova", "--lang", "en")
    assert refused.status == 2
    assert "only administrator" in refused.err


def test_a_password_is_never_an_argument(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _type("", monkeypatch)
    assert cli("accounts", "add", "petrova", "--password", PASSWORD).status == 2
    nothing = cli("accounts", "add", "petrova", "--lang", "en")
    assert nothing.status == 2
    assert "standard input" in nothing.err


def test_a_token_is_its_secret_and_nothing_else(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    _type(f"{PASSWORD}\n", monkeypatch)
    cli("accounts", "add", "ivanov")
    made = cli("accounts", "token", "ivanov", "--label", "export", "--scope", "read,write", "--days", "30")
    assert made.status == 0
    assert made.out.startswith("prosvet_")
    assert len(made.out.split()) == 1
    assert cli("accounts", "token", "ivanov", "--label", "x", "--scope", "everything").status == 2


@pytest.mark.parametrize("arguments", [("--host", "0.0.0.0"), ("--accounts",), ("--behind-proxy", "127.0.0.1")])
@pytest.mark.parametrize(("lang", "words"), [("ru", "администратора ещё нет"), ("en", "no administrator yet")])
def test_an_address_for_others_is_not_served_before_there_is_an_admin(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], lang: str, words: str
) -> None:
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: pytest.fail("it listened"))
    refused = cli("serve", *arguments, "--lang", lang)
    assert refused.status == 2
    assert words in refused.err


def test_with_an_admin_it_is_served_with_accounts_and_says_where_encryption_comes_from(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[uvicorn.Config] = []
    monkeypatch.setattr("uvicorn.Server.run", lambda server, sockets: served.append(server.config))
    _type(f"{PASSWORD}\n", monkeypatch)
    cli("accounts", "add", "petrova", "--role", "admin")
    outcome = cli("serve", "--host", "0.0.0.0", "--port", "0", "--lang", "en")
    assert outcome.status == 0
    assert "does not encrypt" in outcome.err
    assert served[-1].app.accounts is True
    assert served[-1].proxy_headers is False
    cli("serve", "--port", "0", "--behind-proxy", "192.0.2.1")
    assert (served[-1].proxy_headers, served[-1].forwarded_allow_ips) == (True, "192.0.2.1")
    cli("serve", "--port", "0")
    assert served[-1].app.accounts is False
