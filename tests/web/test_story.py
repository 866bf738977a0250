"""A radiologist's day, from a film brought in to a second opinion, in each language, as one goes through it by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from prosvet.archive.store import Store
from prosvet.core.audit import verify
from prosvet.core.i18n import Lang, text
from web.conftest import OpenPage, Site

QUERY = {"ru": "туберкулёз лёгких", "en": "pulmonary tuberculosis"}


@pytest.mark.parametrize("lang", ["ru", "en"])
@pytest.mark.timeout(300)
def test_from_a_film_brought_in_to_a_second_opinion(
    site: Site, open_page: OpenPage, pydicom_data: Path, lang: Lang
) -> None:
    page = open_page(f"{site.url}/worklist", lang=lang)
    page.on("dialog", lambda dialog: dialog.accept())
    study = bring_in(page, pydicom_data / "RG1_UNCR.dcm")
    look_at(page, site, study)
    sign(page, lang)
    find_and_keep(page, site, lang)
    second_opinion(page, site, study, lang)
    assert verify(site.home / "audit.jsonl") is None
    events = (site.home / "audit.jsonl").read_text(encoding="utf-8")
    assert study in events
    assert "RG1" not in events


def bring_in(page: Page, film: Path) -> str:
    """Upload a film and open it from its row."""
    page.set_input_files("#files", film)
    expect(page.locator(".wl-up-added")).to_have_count(1, timeout=60_000)
    row = page.locator(".wl-row")
    expect(row).to_have_count(1)
    study = row.get_attribute("data-study") or ""
    page.goto(page.url.split("/worklist")[0] + f"/study/{study}")
    return study


def look_at(page: Page, site: Site, study: str) -> None:
    """The film is shown whole, a tool works, a finding shows its place."""
    expect(page.locator("#study[data-ready]")).to_be_visible()
    expect(page.locator(".viewer[data-ready]")).to_be_visible(timeout=60_000)
    page.locator("#findings .find button").first.click()
    expect(page.locator(".viewer-showing")).to_be_visible(timeout=30_000)
    assert page.url.endswith(study)
    assert site.context.get(Store).counts().studies == 1


def sign(page: Page, lang: Lang) -> None:
    """Reject a sentence, then sign what is left."""
    page.click("#tab-report")
    lines = page.locator(".line")
    expect(lines.first).to_be_visible(timeout=60_000)
    lines.first.locator(".line-text").focus()
    page.keyboard.press("r")
    expect(lines.first).to_have_attribute("data-decision", "rejected")
    page.keyboard.press("Control+Enter")
    form = page.locator("#sign-form")
    expect(form).to_be_visible()
    for field in form.locator("[data-rule]").all():
        field.fill({"ru": "так видно на снимке", "en": "as the film shows"}[lang])
    form.locator("button.btn-primary").click()
    expect(page.locator("[data-signed]")).to_be_visible(timeout=30_000)
    expect(page.locator("#study-status")).to_have_text(text("worklist.status.signed", lang))


def find_and_keep(page: Page, site: Site, lang: Lang) -> None:
    """The signed report is found by its words, and kept as a cohort."""
    page.goto(f"{site.url}/search?q={QUERY[lang]}")
    expect(page.locator(".hit").first).to_be_visible(timeout=60_000)
    page.click("[data-opens=save-dialog]")
    page.fill("#save-name", "TB")
    page.click("#save-dialog .btn-primary")
    page.click("#save-answer a")
    expect(page.locator("h1")).to_have_text("TB")
    expect(page.locator(".member")).to_have_count(1)


def second_opinion(page: Page, site: Site, study: str, lang: Lang) -> None:
    """Another reader reads the study blind, with the program as the second; they agree on nothing unread."""
    page.goto(f"{site.url}/double-reading")
    page.check("input[name=how][value=list]")
    page.fill("#send-studies", study)
    page.select_option("#send-second", "program")
    page.click("form[data-send] button.btn-primary")
    expect(page.locator("#double-sent")).to_contain_text("1")
    page.fill("#reader-name", "second")
    page.click("form[action='/double-reading/name'] button")
    page.goto(f"{site.url}/double-reading/{study}")
    page.click(f"form[action='/double-reading/{study}/begin'] button.btn-primary")
    assert page.request.get(f"{site.url}/v1/studies/{study}").status == 403, "findings are shut while one reads blind"
    page.locator('input[name="status.pneumothorax"][value="absent"]').check(force=True)
    page.get_by_role("button", name=text("double.rest_absent", lang)).click()
    page.locator("[data-opinion] button.btn-primary").click()
    expect(page.locator("[data-opinion]")).to_have_count(0)
    assert page.request.get(f"{site.url}/v1/studies/{study}").status == 200
