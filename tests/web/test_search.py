"""What only a browser shows of the search page: chips, history, keys, a dropped film, saving a cohort."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture
from playwright.sync_api import Page, expect
from sqlalchemy import insert

from prosvet.archive.schema import Finding, Patient, Report, Study
from prosvet.archive.store import Store
from prosvet.search.warm import warm

OpenPage = Callable[..., Page]


@pytest.fixture
def reports(site) -> str:  # type: ignore[no-untyped-def]
    """The address of a server over a dozen reports."""
    with site.context.get(Store).write() as db:
        for n in range(12):
            concept = ("pneumothorax", "cardiomegaly")[n % 2]
            db.execute(insert(Patient).values(id=f"P{n}", sex="FM"[n % 2]))
            db.execute(insert(Study).values(id=f"S{n}", patient_id=f"P{n}", age=50 + n, date_shifted=False,
                                            source="test", description=""))  # fmt: skip
            db.execute(insert(Report).values(id=n + 1, study_id=f"S{n}", sha256=str(n), file=f"{n}.txt", language="en",
                                             indication="", findings=f"There is a {concept}.", impression="",
                                             labels=[]))  # fmt: skip
            db.execute(insert(Finding).values(study_id=f"S{n}", report_id=n + 1, concept=concept, status="present",
                                              origin="report"))  # fmt: skip
    warm(site.context)
    return str(site.url)


def test_chips_change_the_query_and_the_back_button_undoes_it(reports: str, open_page: OpenPage) -> None:
    page = open_page(f"{reports}/search")
    page.keyboard.press("/")
    page.keyboard.type("pneumothorax")
    page.keyboard.press("Enter")
    expect(page.locator(".qchip-present")).to_contain_text("pneumothorax")
    expect(page.locator(".hit")).to_have_count(6)
    page.click(".qchip-turn")
    expect(page.locator(".qchip-absent")).to_contain_text("pneumothorax")
    assert "absent%3Apneumothorax" in page.url
    page.go_back()
    expect(page.locator(".qchip-present")).to_contain_text("pneumothorax")
    expect(page.locator(".hit")).to_have_count(6)


def test_a_concept_is_added_from_its_synonym_in_the_other_language(reports: str, open_page: OpenPage) -> None:
    page = open_page(f"{reports}/search?q=women", lang="ru")
    page.click(".understood > .chips > details.menu > summary")
    expect(page.locator("#term")).to_be_focused()
    page.keyboard.type("pneumoth")
    page.locator(".suggestions a").first.click()
    expect(page.locator(".qchip-present")).to_contain_text("пневмоторакс")
    expect(page.locator(".qchip-filter")).to_contain_text("женщины")


def test_arrows_walk_through_the_hits(reports: str, open_page: OpenPage) -> None:
    page = open_page(f"{reports}/search?q=pneumothorax")
    page.focus("#q")
    page.keyboard.press("ArrowDown")
    first = page.evaluate("document.activeElement.href")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.className") == "hit-open"
    assert page.evaluate("document.activeElement.href") != first


def test_chosen_hits_are_saved_and_found_among_the_cohorts(reports: str, open_page: OpenPage) -> None:
    page = open_page(f"{reports}/search?q=cardiomegaly")
    for number in (0, 1):
        page.locator(".hit input[type=checkbox]").nth(number).check()
    page.click("[data-opens=save-dialog]")
    expect(page.locator("#save-chosen")).to_be_checked()
    page.fill("#save-name", "Two hearts")
    page.click("#save-dialog .btn-primary")
    page.click("#save-answer a")
    expect(page.locator("h1")).to_have_text("Two hearts")
    expect(page.locator(".member")).to_have_count(2)
    page.click("[data-opens=delete]")
    page.click("#delete .btn-danger")
    expect(page.locator("main")).to_contain_text("No cohorts yet")


def test_a_picture_that_is_no_chest_film_is_refused_in_its_dialog(
    reports: str, open_page: OpenPage, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (600, 600), dtype=np.uint8)
    Picture.fromarray(noise).save(tmp_path / "noise.png")
    page = open_page(f"{reports}/search")
    page.click("[data-opens=by-film]")
    page.set_input_files("#film-file", tmp_path / "noise.png")
    expect(page.locator("#film-answer .alert-bad")).to_contain_text("noise.png")
