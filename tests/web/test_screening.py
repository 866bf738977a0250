"""Screening in a browser: tables are sent, the line is opened from its menu, and a refusal stands in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from .conftest import Site

OpenPage = Callable[..., Page]


def tables(folder: Path, abnormal: int) -> tuple[Path, Path]:
    scores, labels = folder / f"s{abnormal}.csv", folder / f"l{abnormal}.csv"
    names = [f"x{n}" for n in range(abnormal + 100)]
    values = [0.3 + n / 1000 if n < abnormal else n / 1000 - abnormal / 1000 + 0.25 for n in range(len(names))]
    scores.write_text("id,score\n" + "".join(f"{i},{v:.4f}\n" for i, v in zip(names, values, strict=True)))
    labels.write_text("id,abnormal\n" + "".join(f"{i},{int(n < abnormal)}\n" for n, i in enumerate(names)))
    return scores, labels


def send(page: Page, scores: Path, labels: Path) -> None:
    page.set_input_files("#scores", scores)
    page.set_input_files("#labels", labels)
    page.click("text=Find the threshold")


def test_calibrate_open_and_stop(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(f"{site.url}/screening")
    send(page, *tables(tmp_path, 50))
    page.wait_for_selector("#calibrated:has-text('299')")
    send(page, *tables(tmp_path, 400))
    page.wait_for_selector("svg.screen-chart")
    assert "version 1" in page.inner_text("#h-point")
    page.click("summary:has-text('Open the line')")
    page.keyboard.press("Escape")
    assert not page.is_visible("#note")
    page.click("summary:has-text('Open the line')")
    page.fill("#by", "petrova")
    page.fill("#note", "Looked through")
    page.click("form[action='/screening/open'] button")
    page.wait_for_selector(".screen-state:has-text('Open')")
    page.click("summary:has-text('Stop the line')")
    page.fill("#reason", "A grid on every film")
    page.click("form[action='/screening/stop'] button")
    page.wait_for_selector(".screen-state:has-text('Stopped')")
    assert "A grid on every film" in page.inner_text("main")


def test_the_page_keeps_within_the_window(site: Site, open_page: OpenPage, tmp_path: Path) -> None:
    for width in (1366, 800, 390):
        page = open_page(f"{site.url}/screening", lang="ru", width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
