"""A question in a real browser: choose a file, ask, and see the heat map of what was found."""

from __future__ import annotations

from pathlib import Path

from .conftest import OpenPage, Site


def test_a_film_is_chosen_asked_about_and_shown(site: Site, open_page: OpenPage, shared_data: Path) -> None:
    page = open_page(f"{site.url}/ask")
    assert page.is_disabled("#send")
    page.set_input_files("#film", shared_data / "fullsize/cxr18995.png")
    page.wait_for_selector("#own-film img")
    page.fill("#question", "Is there pneumonia?")
    page.click("#send")
    page.wait_for_selector("#answers article")
    before = page.get_attribute("#own-film img", "src")
    page.click("#answers article button:has-text('Show')")
    page.wait_for_function("before => document.querySelector('#own-film img').src !== before", arg=before)
    page.click("#ask-form [data-question='What is the cardiothoracic ratio?']")
    page.wait_for_selector("#answers article:nth-child(2)")
    assert "0." in page.inner_text("#answers article:first-child .ask-said")
    page.fill("#question", "How old is the patient?")
    page.click("#send")
    page.wait_for_selector("#answers article.ask-abstained")
    assert page.locator("#answers article").count() == 3
