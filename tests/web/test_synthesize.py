"""The page of synthesis in a browser: looks on the way, cancel, a pair with its map, the gallery, a check of a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.tiny_generator import install_generator, write_generator

pytestmark = pytest.mark.timeout(600)  # the generator is written once; a busy machine takes its time over that


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="torch is not installed")
    return write_generator(tmp_path_factory.mktemp("generator"))


@pytest.fixture
def studio(site: Any, pack: Path) -> Any:
    """A site whose archive has the tiny generator."""
    install_generator(pack, site.home)
    return site


def set_steps(page: Any, steps: int) -> None:
    page.locator("#steps").fill(str(steps))


def test_an_image_is_made_shown_kept_and_made_again(studio: Any, open_page: Callable[..., Any], tmp_path: Path) -> None:
    page = open_page(f"{studio.url}/synthesize", lang="ru")
    page.click("button:text('Пневмония слева')")
    assert "левого лёгкого" in page.input_value("#prompt")
    set_steps(page, 4)
    page.fill("#seed", "7")
    page.click("#syn-make")
    result = page.locator(".syn-result")
    expect(result).to_be_visible(timeout=120_000)
    expect(result).to_contain_text("seed 7")
    assert page.evaluate("document.querySelector('.syn-result img').naturalWidth") == 256
    with page.expect_download() as download:
        result.locator("a:text('PNG')").click()
    download.value.save_as(tmp_path / "made.png")
    expect(page.locator("#syn-gallery img")).to_have_count(1)

    # What was downloaded is known again by the page itself.
    page.set_input_files("#syn-file", tmp_path / "made.png")
    page.click("text=Проверить >> nth=-1")
    expect(page.locator("#syn-marks")).to_contain_text("Снимок синтетический")

    result.locator("text=Повторить").click()
    expect(page.locator("#seed")).to_have_value("7")
    assert "левого лёгкого" in page.input_value("#prompt")


def test_what_is_being_made_shows_itself_and_can_be_stopped(studio: Any, open_page: Callable[..., Any]) -> None:
    page = open_page(f"{studio.url}/synthesize", lang="en")
    page.fill("#prompt", "Pneumonia.")
    set_steps(page, 60)
    page.click("#syn-make")
    expect(page.locator("[data-count]")).to_have_text(re.compile(r"\d+ .*60"), timeout=120_000)
    expect(page.locator("[data-preview]")).to_be_visible(timeout=120_000)
    page.click("[data-cancel]")
    expect(page.locator("#syn-work .alert")).to_be_visible(timeout=120_000)
    expect(page.locator("#syn-make")).to_be_enabled()
    assert not list((studio.home / "synthetic").glob("*/record.json"))


def test_a_pair_comes_with_its_map_and_goes_from_the_gallery(studio: Any, open_page: Callable[..., Any]) -> None:
    page = open_page(f"{studio.url}/synthesize", lang="ru")
    page.locator("input[name=mode][value=pair]").check()
    expect(page.locator(".syn-image-only").first).to_be_hidden()
    page.fill("#prompt", "Кардиомегалия.")
    set_steps(page, 4)
    page.click("#syn-make")
    expect(page.locator(".syn-result .syn-pair")).to_be_visible(timeout=120_000)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#syn-gallery button:text('Удалить')").first.click()
    expect(page.locator("#syn-gallery")).to_contain_text("Пока пусто")
