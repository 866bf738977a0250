"""The study page in a real browser: draft, keys, checks as one types, autosave, conflict, signature."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from prosvet.archive.api import IngestRequest
from prosvet.archive.api import run as ingest
from prosvet.archive.studies_api import StudiesRequest
from prosvet.archive.studies_api import run as studies
from prosvet.core.actor import Actor
from prosvet.reading.protocols.api import ProtocolRequest, ProtocolResult, run

OpenPage = Callable[..., Page]
Site = Any  # conftest.Site: the folder's conftest cannot be imported by its name


@pytest.fixture
def study(site: Site, pydicom_data: Path) -> str:
    ingest(IngestRequest(paths=[pydicom_data / "RG1_UNCR.dcm"]), site.context)
    return studies(StudiesRequest(), site.context).studies[0].id


def act(site: Site, study: str, action: str, by: str = "local", **values: object) -> ProtocolResult:
    request = ProtocolRequest.model_validate({"action": action, "study": study, **values})
    return run(request, site.context.child(actor=Actor(by, "admin")))


def ready(page: Page) -> Page:
    """The page with its scripts at work."""
    expect(page.locator("#study[data-ready]")).to_be_visible()
    return page


def test_from_draft_to_signature_by_keyboard(site: Site, study: str, open_page: OpenPage) -> None:
    page = ready(open_page(f"{site.url}/study/{study}", lang="ru"))
    expect(page.locator(".find .find-word").first).to_be_visible()
    expect(page.locator("#findings")).to_contain_text("Кардиоторакальный индекс", timeout=15_000)
    page.locator(".viewer").focus()
    page.keyboard.press("y")
    lines = page.locator(".line")
    expect(lines.first).to_be_visible()
    waiting = page.locator("#report-count")
    before = int(waiting.inner_text())
    expect(lines.first.locator(".line-text")).to_be_focused()
    page.keyboard.press("a")
    expect(lines.first).to_have_attribute("data-decision", "accepted")
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(lines.nth(1)).to_have_attribute("data-decision", "rejected")
    expect(waiting).to_have_text(str(before - 2))
    expect(page.locator("#editor-state")).to_contain_text("Сохранено в")
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.locator(".line textarea").fill("Очаговые тени тени справа.")
    problem = lines.nth(2).locator(".problem-error", has_text="повторено")
    expect(problem).to_be_visible()
    page.keyboard.press("Enter")
    problem.get_by_role("button").click()
    expect(lines.nth(2).locator(".line-text")).to_have_text("Очаговые тени справа.")
    expect(lines.nth(2)).to_have_attribute("data-authorship", "edited")
    page.keyboard.press("Control+Enter")
    form = page.locator("#sign-form")
    expect(form).to_be_visible()
    for field in form.locator("[data-rule]").all():
        field.fill("так видно на снимке")
    form.get_by_role("button", name="Подписать").click()
    expect(page.locator("[data-signed]")).to_contain_text("Очаговые тени справа.")
    expect(page.locator("#study-status")).to_have_text("Подписано")
    signed = act(site, study, "show").protocol
    assert signed is not None and signed.state == "signed"
    assert "Очаговые тени справа." in signed.text


def test_a_finding_asks_the_viewer_to_show_it(site: Site, study: str, open_page: OpenPage) -> None:
    page = ready(open_page(f"{site.url}/study/{study}"))
    page.evaluate("document.addEventListener('prosvet:show-finding', (e) => { window.shown = e.detail.concept; })")
    page.locator('.find-show[data-show="pneumonia"]').click()
    assert page.evaluate("window.shown") == "pneumonia"


def test_what_another_saved_meanwhile_and_what_one_typed_both_stay(site: Site, study: str, open_page: OpenPage) -> None:
    drafted = act(site, study, "draft", lang="en")
    page = ready(open_page(f"{site.url}/study/{study}"))
    page.locator("#tab-report").click()
    act(site, study, "save", by="petrova", base=drafted.base, changes=[{"line": "1", "decision": "accepted"}])
    page.locator('.line[data-line="2"] .line-text').click()
    page.locator(".line textarea").fill("My own words.")
    conflict = page.locator("#conflict")
    expect(conflict).to_contain_text("petrova")
    expect(conflict).to_contain_text("My own words.")
    conflict.get_by_role("button").first.click()
    expect(page.locator('.line[data-line="2"] .line-text')).to_have_text("My own words.")
    expect(page.locator('.line[data-line="1"]')).to_have_attribute("data-decision", "accepted")
    expect(page.locator("#editor-state")).to_contain_text("Saved at")
    kept = act(site, study, "show").protocol
    assert kept is not None
    assert {line.id: line.decision for line in kept.content.lines}["1"] == "accepted"
    assert "My own words." in kept.text


def test_the_other_language_asks_before_edits_leave_the_text(site: Site, study: str, open_page: OpenPage) -> None:
    drafted = act(site, study, "draft", lang="ru")
    act(site, study, "save", base=drafted.base, changes=[{"line": "1", "decision": "accepted"}])
    page = ready(open_page(f"{site.url}/study/{study}"))
    page.locator("#tab-report").click()
    page.locator('[data-redraft="en"]').click()
    expect(page.locator("#ask-dialog")).to_be_visible()
    page.locator("#ask-yes").click()
    expect(page.locator(".part h3").last).to_have_text("Impression")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
def test_the_page_itself_does_not_scroll(site: Site, study: str, open_page: OpenPage, width: int, height: int) -> None:
    page = open_page(f"{site.url}/study/{study}", lang="ru", width=width, height=height)
    expect(page.locator(".viewer")).to_be_visible()
    size = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
    assert size == [height, width]
    film = page.locator(".study-film").bounding_box()
    assert film is not None and film["width"] > width * 0.45
    assert re.search(r"\d", page.locator(".study-who").inner_text())
