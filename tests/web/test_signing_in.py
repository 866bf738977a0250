"""Signing in with a real browser: keyboard, language, cookies that scripts cannot read, hostile words shown as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Page, expect

from prosvet.app.accounts import passwords
from prosvet.app.accounts.people import People
from prosvet.archive.store import Store

from .conftest import Site, serve

PASSWORD = "correct horse battery"
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture
def door(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server that asks for sign-in; one administrator with a hostile full name."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for site in serve(own_home, accounts=True):
        People(site.context.get(Store)).add("petrova", "admin", HOSTILE, PASSWORD)
        yield site


def test_a_reader_signs_in_by_keyboard_and_out_again(door: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{door.url}/settings", lang="ru")
    expect(page.get_by_role("heading", level=1)).to_have_text("Вход")
    expect(page.locator("nav")).to_have_count(0)
    page.get_by_label("Имя для входа").fill("petrova")
    page.keyboard.press("Tab")
    page.keyboard.type("wrong one, surely")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("не подходят")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{door.url}/settings")
    assert "prosvet" not in page.evaluate("document.cookie")
    page.goto(f"{door.url}/account")
    page.get_by_role("button", name="Выйти").click()
    page.wait_for_url(f"{door.url}/sign-in")
    page.goto(f"{door.url}/account")
    assert "/sign-in" in page.url


def test_hostile_words_are_shown_as_text(door: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{door.url}/sign-in?next=/accounts")
    page.get_by_label("Sign-in name").fill(HOSTILE[:60])
    page.get_by_label("Password").fill("x")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Sign-in name")).to_have_value(HOSTILE[:60].strip())
    page.get_by_label("Sign-in name").fill("petrova")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{door.url}/accounts")
    expect(page.locator("tbody td").first).to_contain_text(HOSTILE)
    assert page.locator("tbody img, tbody script").count() == 0
    assert page.title().startswith("Accounts")
    page.goto(f"{door.url}/%3Cscript%3Edocument.title='owned'%3C/script%3E")
    assert page.title() != "owned"
    assert page.locator("main script").count() == 0
